import type { LaneSpec } from './wave-strip.ts';

const LABEL_PX = 12;
/** A trace in millivolts keeps its paper scale, so it spares the row only where the lane is tall. */
const SPARES_FROM_PX: Record<LaneSpec['scale'], number> = { millivolts: 60, fitted: 40 };

/**
 * The words of a lane stand in a row above its trace, where the lane is tall enough: a peak that
 * runs behind a word can be misread.
 */
export function belowLabel<Lane extends Pick<LaneSpec, 'scale' | 'topPx' | 'heightPx'>>(
  lane: Lane,
): Lane & { readonly labelPx: number } {
  const labelPx = lane.heightPx >= SPARES_FROM_PX[lane.scale] ? LABEL_PX : 0;
  return {
    ...lane,
    labelPx,
    topPx: lane.topPx + labelPx,
    heightPx: lane.heightPx - labelPx,
  };
}
