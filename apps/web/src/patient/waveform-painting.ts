import type { SampleRing } from '../live/sample-ring.ts';
import { fittedScale } from '../wave/lane-scale.ts';
import { laneExtent, traceLane } from '../wave/trace.ts';
import type { Stretch } from './time-view.ts';

const LINE_PX = 1.5;
/** Heights of one millivolt that a person can read; the tallest that fits is taken. */
const PX_PER_MV = [80, 40, 20, 10, 5] as const;

export interface Painting {
  readonly stored: SampleRing | undefined;
  readonly live: SampleRing | undefined;
  readonly shown: Stretch;
  readonly heightPx: number;
  readonly isPaper: boolean;
  readonly ink: string;
}

/** Draws the whole lane anew; answers the pixels of one millivolt where there are millivolts. */
export function paint(canvas: HTMLCanvasElement, painting: Painting): number | undefined {
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
