import { fail, ok, type Result } from '@ausculta/vitals/fault';

/**
 * Sensor glucose of one person, from rows of `id,time,gl` (mg/dL, local wall clock without a zone:
 * the columns that Broll et al. 2021 use, doi:10.1371/journal.pone.0248560).
 */
export interface GlucoseRow {
  readonly id: string;
  /** "2015-06-06 16:50:27"; a "T" between date and time is read too. */
  readonly time: string;
  /** mg/dL; NaN or an empty field is no reading. */
  readonly gl: number;
}

export interface GlucoseSeries {
  readonly id: string;
  /** Wall clock as if it were UTC, ascending; so that a day has 24 hours and starts at midnight. */
  readonly timesMs: Float64Array;
  readonly mgDl: Float64Array;
}

/** What a meter or sensor could ever state in mg/dL; beyond it the file is in another unit or broken. */
const MG_DL_MAX = 2000;

/** Ten years: a sensor lasts days, so a longer span is a wrong year in the file. */
const SPAN_MAX_MS = 10 * 366 * 86_400_000;

/** One series for each id, in the order in which the ids appear. */
export function seriesOf(rows: readonly GlucoseRow[]): Result<GlucoseSeries[]> {
  const byId = new Map<string, { timeMs: number; mgDl: number }[]>();
  for (const [index, { id, time, gl }] of rows.entries()) {
    const readings = byId.get(id) ?? [];
    byId.set(id, readings);
    if (Number.isNaN(gl)) continue;
    const timeMs = readWallClock(time);
    if (timeMs === undefined) return fail('STAMP_INVALID', `row ${index}: the time cannot be read`);
    if (!(gl > 0 && gl <= MG_DL_MAX))
      return fail('PAYLOAD_MALFORMED', `row ${index}: "gl" is no glucose in mg/dL`);
    readings.push({ timeMs, mgDl: gl });
  }
  const series = [...byId].map(([id, readings]) => toSeries(id, readings));
  const isTooLong = series.some(
    ({ timesMs }) => (timesMs.at(-1) ?? 0) - (timesMs[0] ?? 0) > SPAN_MAX_MS,
  );
  return isTooLong ? fail('STAMP_INVALID', 'one id spans more than ten years') : ok(series);
}

function toSeries(id: string, readings: { timeMs: number; mgDl: number }[]): GlucoseSeries {
  readings.sort((one, other) => one.timeMs - other.timeMs);
  return {
    id,
    timesMs: Float64Array.from(readings, ({ timeMs }) => timeMs),
    mgDl: Float64Array.from(readings, ({ mgDl }) => mgDl),
  };
}

const WALL_CLOCK = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?$/;

export function readWallClock(text: string): number | undefined {
  const parts = WALL_CLOCK.exec(text.trim());
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1)
    .map((part) => Number(part ?? 0));
  const timeMs = Date.UTC(year, month - 1, day, hour, minute, second);
  // Date.UTC carries a 31st of April over into May: such a date is a slip of the file.
  const back = new Date(timeMs);
  const isReal = back.getUTCMonth() === month - 1 && back.getUTCDate() === day;
  return isReal && hour < 24 && minute < 60 && second < 60 ? timeMs : undefined;
}

export function writeWallClock(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** A CSV with a header line that names `id`, `time` and `gl`, in any order, beside others. */
export function readGlucoseCsv(text: string): Result<GlucoseRow[]> {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const names = fieldsOf(lines[0] ?? '');
  const [id, time, gl] = ['id', 'time', 'gl'].map((name) => names.indexOf(name));
  if (id === undefined || time === undefined || gl === undefined || Math.min(id, time, gl) < 0) {
    return fail('PAYLOAD_MALFORMED', 'the first line does not name id, time and gl');
  }
  const rows: GlucoseRow[] = [];
  for (const line of lines.slice(1)) {
    if (line.trim() === '') continue;
    const fields = fieldsOf(line);
    const value = fields[gl] ?? '';
    const isAbsent = value === '' || value === 'NA';
    const mgDl = isAbsent ? Number.NaN : Number(value);
    if (!isAbsent && Number.isNaN(mgDl))
      return fail('PAYLOAD_MALFORMED', `row ${rows.length}: "gl" is no number`);
    rows.push({ id: fields[id] ?? '', time: fields[time] ?? '', gl: mgDl });
  }
  return ok(rows);
}

/** RFC 4180 as far as such files use it: a field may stand in quotes, without a comma inside. */
function fieldsOf(line: string): string[] {
  return line.split(',').map((field) => field.trim().replace(/^"(.*)"$/, '$1'));
}
