import { metricOf } from '@ausculta/vitals/lookup';
import { useMantineColorScheme } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { askBytes } from '../api/client.ts';
import { decodeStoredBlock } from '../live/block-decoding.ts';
import { useLive } from '../live/live-context.tsx';
import { SampleRing } from '../live/sample-ring.ts';
import { laneScaleOf } from '../wave/lane-choice.ts';
import { fittedScale } from '../wave/lane-scale.ts';
import { laneExtent, traceLane } from '../wave/trace.ts';
import type { Stretch, TimeView } from './time-view.ts';
import classes from './waveform-lane.module.css';

/** Two minutes at 500 Hz: the longest that is asked for at once. */
const STORED_SAMPLES_MAX = 60_000;
const ASK_STEP_MS = 10_000;
const LINE_PX = 1.5;
/** Heights of one millivolt that a person can read; the tallest that fits is taken. */
const PX_PER_MV = [80, 40, 20, 10, 5] as const;

interface WaveformLaneProps {
  readonly subjectId: string;
  readonly metricKey: string;
  readonly stretch: Stretch;
  readonly view: TimeView;
  readonly heightPx: number;
  readonly cursorMs: number | undefined;
}

/** The stored waveform of a stretch of up to a minute, going over into the live one at its end. */
export function WaveformLane(props: WaveformLaneProps) {
  const { subjectId, metricKey, stretch } = props;
  const live = useLive();
  const canvasRef = useRef<HTMLCanvasElement>(null);
  const [bracketPx, setBracketPx] = useState(0);
  const { colorScheme } = useMantineColorScheme();
  const fromMs = Math.floor(stretch.fromMs / ASK_STEP_MS) * ASK_STEP_MS;
  const toMs = Math.ceil(stretch.toMs / ASK_STEP_MS) * ASK_STEP_MS;
  const stored = useQuery({
    queryKey: ['waveforms', subjectId, metricKey, fromMs, toMs],
    placeholderData: keepPreviousData,
    // Of a stretch that is not over yet a later answer holds more.
    staleTime: props.view.endMs === 'live' ? 5_000 : Number.POSITIVE_INFINITY,
    structuralSharing: false,
    queryFn: async ({ signal }): Promise<SampleRing> => {
      const search = new URLSearchParams({
        metrics: metricKey,
        from: String(fromMs),
        to: String(toMs),
      });
      const path = `/api/subjects/${encodeURIComponent(subjectId)}/waveforms?${search}`;
      const ring = new SampleRing(STORED_SAMPLES_MAX);
      const runs = decodeStoredBlock(await askBytes(path, { signal })) ?? [];
      for (const run of runs.toSorted((one, other) => one.startMs - other.startMs)) ring.push(run);
      return ring;
    },
  });
  const metric = useMemo(() => metricOf(metricKey), [metricKey]);
  const { heightPx } = props;

  useEffect(() => {
    const canvas = canvasRef.current;
    if (canvas === null || colorScheme === 'auto') return;
    const isPaper = laneScaleOf(metric) === 'millivolts';
    let request = 0;
    const draw = () => {
      const nowMs = live.serverNowMs();
      const until = props.view.endMs === 'live' && nowMs !== undefined ? nowMs : stretch.toMs;
      const shown = { fromMs: until - props.view.spanMs, toMs: until };
      const liveRing = live.subject(subjectId).rings.get(metricKey);
      const pxPerMv = paint(canvas, {
        stored: stored.data,
        live: liveRing,
        shown,
        heightPx,
        isPaper,
        ink: metric.ink,
      });
      setBracketPx(pxPerMv ?? 0);
      if (props.view.endMs === 'live') request = requestAnimationFrame(draw);
    };
    draw();
    const observer = new ResizeObserver(draw);
    observer.observe(canvas);
    return () => {
      observer.disconnect();
      cancelAnimationFrame(request);
    };
  }, [
    live,
    subjectId,
    metricKey,
    metric,
    heightPx,
    colorScheme,
    stored.data,
    props.view,
    stretch.toMs,
  ]);

  return (
    <div className={classes.lane} style={{ height: heightPx }}>
      <canvas
        ref={canvasRef}
        className={classes.canvas}
        role="img"
        aria-label={`Waveform, ${metric.label}`}
        data-testid="stored-waveform"
      />
      {props.cursorMs !== undefined && (
        <span
          className={classes.cursor}
          style={{ left: `${((props.cursorMs - stretch.fromMs) / props.view.spanMs) * 100}%` }}
        />
      )}
      {bracketPx > 0 && (
        <span className={classes.bracket} style={{ height: bracketPx }}>
          1 mV
        </span>
      )}
      {stored.isError && <span className={classes.words}>The waveform cannot be loaded</span>}
      {stored.data?.isEmpty === true && (
        <span className={classes.words}>No waveform in this stretch</span>
      )}
    </div>
  );
}

interface Painting {
  readonly stored: SampleRing | undefined;
  readonly live: SampleRing | undefined;
  readonly shown: Stretch;
  readonly heightPx: number;
  readonly isPaper: boolean;
  readonly ink: string;
}

/** Draws the whole lane anew; answers the pixels of one millivolt where there are millivolts. */
function paint(canvas: HTMLCanvasElement, painting: Painting): number | undefined {
  const ratio = window.devicePixelRatio;
  const widthPx = canvas.clientWidth;
  const width = Math.max(1, Math.round(widthPx * ratio));
  const height = Math.max(1, Math.round(painting.heightPx * ratio));
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext('2d');
  if (context === null) return undefined;
  context.clearRect(0, 0, width, height);
  const rings = [painting.stored, painting.live].filter(
    (ring) => ring !== undefined && !ring.isEmpty,
  ) as SampleRing[];
  const extents = rings.flatMap(
    (ring) => laneExtent(ring, { fromMs: painting.shown.fromMs }) ?? [],
  );
  if (extents.length === 0) return undefined;
  const extent = {
    low: Math.min(...extents.map(({ low }) => low)),
    high: Math.max(...extents.map(({ high }) => high)),
  };
  const inner = painting.heightPx - 8;
  const pxPerMv = PX_PER_MV.find((px) => px * (extent.high - extent.low) <= inner) ?? 5;
  const pxPerUnit = painting.isPaper ? pxPerMv : fittedScale({ extent, heightPx: inner }).pxPerUnit;
  const colour = getComputedStyle(canvas).getPropertyValue(`--metric-${painting.ink}`).trim();
  const columnMs = (painting.shown.toMs - painting.shown.fromMs) / width;
  const seamMs =
    painting.live?.isEmpty === false
      ? painting.live.timeOf(painting.live.tail)
      : painting.shown.toMs;
  const seam = Math.min(
    width,
    Math.max(0, Math.round((seamMs - painting.shown.fromMs) / columnMs)),
  );
  const trace = (ring: SampleRing | undefined, from: number, until: number) => {
    if (ring === undefined || ring.isEmpty) return;
    traceLane(context, {
      ring,
      span: { from, until, startMs: painting.shown.fromMs + from * columnMs },
      columnMs,
      topPx: 0,
      heightPx: height,
      pxPerUnit: pxPerUnit * ratio,
      centre: (extent.low + extent.high) / 2,
      linePx: LINE_PX * ratio,
      colour,
    });
  };
  trace(painting.stored, 0, seam);
  trace(painting.live, seam, width);
  return painting.isPaper ? pxPerMv : undefined;
}
