/**
 * The numbers that the writer and the reader of a bit stream must agree on; README.md has the layout.
 */

/** Values that share a predictor and a Rice parameter: about 90 ms of an ECG at 360 Hz. */
export const GROUP_SIZE = 32;

/** A group's width is 0 when all its residuals are 0, else the Rice parameter + 1. */
export const WIDTH_MAX = 32;

/** A change of width is written in unary up to here; beyond it the width itself follows in full. */
export const WIDTH_CHANGE_UNARY_MAX = 15;
export const WIDTH_BITS = 6;

/** A residual whose unary part would need this many zeros is written in full behind them. */
export const ESCAPE_ZEROS = 24;

/** The least that a group takes: one bit of width, two of predictor. */
export const GROUP_BITS_MIN = 3;

const GROUP_BITS_MAX = WIDTH_CHANGE_UNARY_MAX + WIDTH_BITS + 2 + GROUP_SIZE * (ESCAPE_ZEROS + 32);

/** The most that a group takes, and so how far a reader may run past the end before it looks. */
export const GROUP_BYTES_MAX = Math.ceil(GROUP_BITS_MAX / 8) + 8;
