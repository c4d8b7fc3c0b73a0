import type { SampleRing } from '../live/sample-ring.ts';
import type { Extent } from './lane-scale.ts';

/** Lowest and highest of what is held from a time on; undefined when nothing is. */
export function laneExtent(
  ring: SampleRing,
  window: { readonly fromMs: number },
): Extent | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let slot = Math.max(ring.tail, ring.slotAt(window.fromMs)); slot < ring.head; slot += 1) {
    const value = ring.valueAt(slot);
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > high ? undefined : { low, high };
}

export interface LaneTrace {
  readonly ring: SampleRing;
  readonly span: { readonly from: number; readonly until: number; readonly startMs: number };
  readonly columnMs: number;
  readonly topPx: number;
  readonly heightPx: number;
  readonly pxPerUnit: number;
  readonly centre: number;
  readonly linePx: number;
  readonly colour: string;
}

/**
 * Draws the samples of some columns and nothing outside them, so that neighbouring spans meet
 * without a seam. Samples just outside are traced too: the clip cuts the line, not its joints.
 */
export function traceLane(context: CanvasRenderingContext2D, lane: LaneTrace): void {
  const { span, ring, columnMs } = lane;
  if (span.until <= span.from) return;
  const endMs = span.startMs + (span.until - span.from) * columnMs;
  const marginMs = lane.linePx * columnMs + ring.intervalMs;
  const first = Math.max(ring.tail, ring.slotAt(span.startMs - marginMs) - 1);
  const last = Math.min(ring.head, ring.slotAt(endMs + marginMs) + 1);
  const middle = lane.topPx + lane.heightPx / 2;
  context.save();
  context.beginPath();
  context.rect(span.from, lane.topPx, span.until - span.from, lane.heightPx);
  context.clip();
  context.beginPath();
  let joined = false;
  for (let slot = first; slot < last; slot += 1) {
    const value = ring.valueAt(slot);
    if (Number.isNaN(value)) {
      joined = false;
      continue;
    }
    const x = span.from + (ring.timeOf(slot) - span.startMs) / columnMs;
    const y = middle - (value - lane.centre) * lane.pxPerUnit;
    if (joined) context.lineTo(x, y);
    else context.moveTo(x, y);
    joined = true;
  }
  context.lineWidth = lane.linePx;
  context.lineJoin = 'round';
  context.strokeStyle = lane.colour;
  context.stroke();
  context.restore();
}
