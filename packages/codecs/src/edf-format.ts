/**
 * The fixed fields of EDF+ (Kemp and Olivan 2003, edfplus.info): what a recording and its signals are
 * called, and how their converter's steps become units. All of it is text of a fixed width.
 */
export const HEADER_BYTES = 256;
export const SIGNAL_HEADER_BYTES = 256;

/** The standard advises data records of no more: readers allocate them whole. */
export const RECORD_BYTES_MAX = 61_440;

export const ANNOTATIONS_LABEL = 'EDF Annotations';

export const DIGITAL_MIN = -32_768;
export const DIGITAL_MAX = 32_767;

export const MONTHS = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ');

/** Widths of a signal's fields, in order; each field of all signals stands together. */
export const SIGNAL_FIELDS = {
  label: 16,
  transducer: 80,
  dimension: 8,
  physicalMin: 8,
  physicalMax: 8,
  digitalMin: 8,
  digitalMax: 8,
  prefiltering: 80,
  samplesPerRecord: 8,
  reserved: 32,
} as const;

export type SignalField = keyof typeof SIGNAL_FIELDS;

/** Between 100 and 32,767 of a converter's steps stand this many of a unit. */
export interface EdfScale {
  readonly digitalMin: number;
  readonly digitalMax: number;
  readonly physicalMin: number;
  readonly physicalMax: number;
}

export function toPhysical(scale: EdfScale, digital: number): number {
  const { digitalMin, digitalMax, physicalMin, physicalMax } = scale;
  const units = physicalMax - physicalMin;
  return physicalMin + ((digital - digitalMin) * units) / (digitalMax - digitalMin);
}
