import { z } from 'zod';

/** Answer of POST /api/devices/{id}/readings: each reading is judged alone. 202 once durable. */
export const IntakeAnswer = z.object({
  stored: z.number(),
  parked: z.number(),
  faults: z.array(
    z.object({ index: z.string(), fault: z.string(), detail: z.string().optional() }),
  ),
});
export type IntakeAnswer = z.infer<typeof IntakeAnswer>;

/**
 * A part of a series that is stored and does not open or decode: damage, or a wrong key. Every answer
 * that it is missing from says so; what is readable around it is there.
 */
export const UnreadablePart = z.object({
  metric: z.string(),
  device: z.string(),
  /** Corrected times between which readings are missing, both included. */
  fromMs: z.number(),
  toMs: z.number(),
  /** Names the chunk as `ausculta verify` does: series/generation/first stamp. */
  chunk: z.string(),
});
export type UnreadablePart = z.infer<typeof UnreadablePart>;

/** A line among those of GET /api/subjects/{id}/readings: here readings are missing. */
export const UnreadableLine = z.object({ unreadable: UnreadablePart });
export type UnreadableLine = z.infer<typeof UnreadableLine>;

/** Of GET /api/subjects/{id}/waveforms: a JSON list of unreadable parts; absent when there are none. */
export const UNREADABLE_HEADER = 'ausculta-unreadable';

/**
 * One reading of GET /api/subjects/{id}/readings?metric=&from=&to=&limit=&order=oldest|newest&format=
 * (application/x-ndjson: one a line, the oldest first unless `order` says otherwise, as fast as they are
 * taken; after `limit` of them the answer ends). `format`, or Accept, asks for another form: 'csv' has
 * the columns below, 'blocks' is what reading-sections.ts describes.
 */
export const ReadingLine = z.object({
  /** The device's own time, ISO 8601 with milliseconds. */
  stamp: z.string(),
  /** The corrected, measured time. */
  time: z.string(),
  value: z.number(),
  unit: z.string(),
  flags: z.array(z.string()),
  device: z.string(),
  metric: z.string(),
});
export type ReadingLine = z.infer<typeof ReadingLine>;

/**
 * The first line of readings as CSV (RFC 4180). `side` is ">" or "<" where the value is only a bound; flags
 * stand with blanks between them. Where stored readings cannot be read stands a line without a value, of
 * flags "unreadable-until TIME". A text that a spreadsheet would run has an apostrophe before it.
 */
export const READING_CSV_COLUMNS = [
  'time',
  'stamp',
  'metric',
  'side',
  'value',
  'unit',
  'flags',
  'device',
] as const;

/**
 * GET /api/subjects/{id}/trend?metrics=a,b&from=MS&to=MS&points=N, for charts. Times are corrected.
 * A lane is 'points' (every reading) when they fit into N, else 'bands' of equal width with the
 * minimum, the maximum and the mean of what they hold. Empty bands are left out: a gap stays a gap.
 * Wide bands begin at whole seconds, minutes, hours or days of the device's clock, so the first may
 * begin before `from`, and the last end behind `to`. Waveforms have lanes as numbers have.
 */
export const TrendLane = z.object({
  metric: z.string(),
  device: z.string(),
  form: z.enum(['points', 'bands']),
  /** For bands: their width. */
  bandMs: z.number(),
  /** Points: when it was measured. Bands: where the band begins. */
  timesMs: z.array(z.number()),
  /** Points: the value. Bands: the mean, or of single measurements one that keeps the line's shape. */
  values: z.array(z.number()),
  lows: z.array(z.number()),
  highs: z.array(z.number()),
  /** OR of the flags of what a point or band holds. */
  flags: z.array(z.number()),
});
export type TrendLane = z.infer<typeof TrendLane>;
export const Trend = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  lanes: z.array(TrendLane),
  /** Where lanes lack what is stored. */
  unreadable: z.array(UnreadablePart),
});
export type Trend = z.infer<typeof Trend>;

/*
 * GET /api/subjects/{id}/waveforms?metrics=a,b&from=MS&to=MS answers application/octet-stream: one
 * waveform block of packages/blocks, uncompressed or zstd (its header tells), corrected start times;
 * at most WAVEFORM_QUERY_MAX_MS long.
 */
export const WAVEFORM_QUERY_MAX_MS = 120_000;

/**
 * GET /api/subjects/{id}/events?from=&to=&limit=&cursor=: what happened rather than was measured, the
 * newest first. While there is more, `next` is the cursor of what follows.
 */
export const EventView = z.object({
  id: z.string(),
  kind: z.string(),
  /** The device's own time, ISO 8601 with milliseconds; null when the device has no clock. */
  stamp: z.string().nullable(),
  /** The corrected time; receipt when the device has no clock. */
  time: z.string(),
  receivedAt: z.string(),
  flags: z.array(z.string()),
  device: z.string(),
  /** Its sealed part does not open: its flags are not known. */
  unreadable: z.literal(true).optional(),
});
export type EventView = z.infer<typeof EventView>;
export const EventList = z.object({ events: z.array(EventView), next: z.string().nullable() });
export type EventList = z.infer<typeof EventList>;
