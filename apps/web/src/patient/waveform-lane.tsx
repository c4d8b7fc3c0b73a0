import { metricOf } from '@ausculta/vitals/lookup';
import { useMantineColorScheme } from '@mantine/core';
import { type RefObject, useEffect, useMemo, useRef, useState } from 'react';
import { useLive } from '../live/live-context.tsx';
import type { SampleRing } from '../live/sample-ring.ts';
import { laneScaleOf } from '../wave/lane-choice.ts';
import type { Stretch, TimeView } from './time-view.ts';
import { useStoredWaveform } from './use-stored-waveform.ts';
import classes from './waveform-lane.module.css';
import { paint } from './waveform-painting.ts';

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
  const { subjectId, metricKey, stretch, view, heightPx } = props;
  const metric = useMemo(() => metricOf(metricKey), [metricKey]);
  const isLive = view.endMs === 'live';
  const stored = useStoredWaveform({ subjectId, metricKey, stretch, isLive });
  const canvasRef = useRef<HTMLCanvasElement>(null);
  const bracketPx = useDrawing(canvasRef, { ...props, stored: stored.data?.ring });
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
          style={{ left: `${((props.cursorMs - stretch.fromMs) / view.spanMs) * 100}%` }}
        />
      )}
      {bracketPx > 0 && (
        <span className={classes.bracket} style={{ height: bracketPx }}>
          <span>1 mV</span>
        </span>
      )}
      {stored.isError && <span className={classes.words}>The waveform cannot be loaded</span>}
      {stored.data?.hasUnreadable === true ? (
        <span className={classes.words} role="alert">
          Part of this waveform cannot be read: the stored data are damaged
        </span>
      ) : (
        stored.data?.ring.isEmpty === true && (
          <span className={classes.words}>No waveform in this stretch</span>
        )
      )}
    </div>
  );
}

/** Keeps the lane drawn, at each picture while it is live; answers the height of one millivolt. */
function useDrawing(
  canvasRef: RefObject<HTMLCanvasElement | null>,
  drawn: WaveformLaneProps & { readonly stored: SampleRing | undefined },
): number {
  const { subjectId, metricKey, view, heightPx, stored } = drawn;
  const { toMs } = drawn.stretch;
  const live = useLive();
  const [bracketPx, setBracketPx] = useState(0);
  const { colorScheme } = useMantineColorScheme();

  useEffect(() => {
    const canvas = canvasRef.current;
    if (canvas === null || colorScheme === 'auto') return;
    const metric = metricOf(metricKey);
    const isPaper = laneScaleOf(metric) === 'millivolts';
    const isLive = view.endMs === 'live';
    let request = 0;
    const draw = () => {
      // Drawn for a new size too: never two loops at once, for only the last could be stopped.
      cancelAnimationFrame(request);
      const untilMs = isLive ? (live.serverNowMs() ?? toMs) : toMs;
      const pxPerMv = paint(canvas, {
        stored,
        live: live.subject(subjectId).rings.get(metricKey),
        shown: { fromMs: untilMs - view.spanMs, toMs: untilMs },
        heightPx,
        isPaper,
        ink: metric.ink,
      });
      setBracketPx(pxPerMv ?? 0);
      if (isLive) request = requestAnimationFrame(draw);
    };
    draw();
    const observer = new ResizeObserver(draw);
    observer.observe(canvas);
    return () => {
      observer.disconnect();
      cancelAnimationFrame(request);
    };
  }, [canvasRef, live, subjectId, metricKey, heightPx, colorScheme, stored, view, toMs]);
  return bracketPx;
}
