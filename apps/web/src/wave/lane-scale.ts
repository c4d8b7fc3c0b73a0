/** The gains a person can read off a strip; the choice is written beside the trace. */
const ECG_GAINS = [2, 1, 0.5] as const;
export type EcgGain = (typeof ECG_GAINS)[number];

/** A gain is given up only when the trace leaves the lane, and taken up when it fits well within. */
const FITS_RATIO = 1;
const FITS_WELL_RATIO = 0.8;

export interface Extent {
  readonly low: number;
  readonly high: number;
}

/** How values become heights: `centre` is drawn in the middle of the lane. */
export interface LaneScale {
  readonly pxPerUnit: number;
  readonly centre: number;
  /** "×½", "×2", or empty. */
  readonly gainText: string;
}

/** 10 mm/mV, or half or twice that where it fits better. */
export function ecgScale(lane: {
  readonly extent: Extent;
  readonly heightPx: number;
  readonly pxPerMv: number;
  readonly before: EcgGain | undefined;
}): LaneScale & { readonly gain: EcgGain } {
  const spanMv = Math.max(lane.extent.high - lane.extent.low, 0);
  const gain = chooseGain(lane, spanMv);
  return {
    gain,
    pxPerUnit: lane.pxPerMv * gain,
    centre: (lane.extent.low + lane.extent.high) / 2,
    gainText: gain === 1 ? '' : gain === 2 ? '×2' : '×½',
  };
}

function chooseGain(
  lane: { heightPx: number; pxPerMv: number; before: EcgGain | undefined },
  spanMv: number,
): EcgGain {
  for (const gain of ECG_GAINS) {
    const room = gain === lane.before ? FITS_RATIO : FITS_WELL_RATIO;
    // The usual gain is kept where it fits at all: another is the exception.
    const allowed = gain === 1 ? FITS_RATIO : room;
    if (spanMv * lane.pxPerMv * gain <= lane.heightPx * allowed) return gain;
  }
  return 0.5;
}

/**
 * For signals without a scale of their own (pleth, normalised traces): steps of a fifth of an octave
 * keep the height still while the signal breathes.
 */
export function fittedScale(lane: {
  readonly extent: Extent;
  readonly heightPx: number;
}): LaneScale {
  const span = lane.extent.high - lane.extent.low;
  const centre = (lane.extent.low + lane.extent.high) / 2;
  if (!(span > 0)) return { pxPerUnit: 0, centre, gainText: '' };
  const step = 2 ** 0.2;
  const rounded = step ** Math.ceil(Math.log(span * 1.1) / Math.log(step));
  return { pxPerUnit: lane.heightPx / rounded, centre, gainText: '' };
}
