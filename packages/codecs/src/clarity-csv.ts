import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { ReportedReading } from '@ausculta/vitals/reading';
import { csvRows } from './csv.ts';
import type { DecodedReadings, PartFault } from './decoded.ts';
import { readSensorWord } from './glucose-sensor.ts';
import { readIsoTime } from './iso-time.ts';
import { EXPORT_BYTES_MAX, EXPORT_PARTS_MAX } from './json-message.ts';
import { readMeasuredText } from './measured-text.ts';

export interface ClarityContext {
  /** Where the person lives: the export's times are local and name no zone. Without it they count as UTC. */
  readonly utcOffsetMinutes?: number;
}

/**
 * The export of Dexcom Clarity: a line an event, of which the first ones name the person and the alert
 * settings and measure nothing. "Low" is below 40 mg/dL, "High" above 400.
 */
export function decodeClarityCsv(
  bytes: Uint8Array,
  context: ClarityContext = {},
): Result<DecodedReadings> {
  if (bytes.length > EXPORT_BYTES_MAX) return fail('PAYLOAD_TOO_LARGE', 'an export');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return fail('PAYLOAD_MALFORMED', 'not UTF-8');
  }
  const rows = csvRows(text);
  const head = rows.next();
  const columns = head.done === true ? undefined : readColumns(head.value);
  if (columns === undefined) return fail('PAYLOAD_MALFORMED', 'not the head of a Clarity export');
  const readings: ReportedReading[] = [];
  const faults: PartFault[] = [];
  let index = 0;
  for (const row of rows) {
    const measured = measuredIn(row, columns);
    if (measured === undefined) continue;
    if (index >= EXPORT_PARTS_MAX) return fail('PAYLOAD_TOO_LARGE', 'an export');
    const reading = readRow(row, { columns, measured, context });
    if (reading.ok) readings.push(reading.value);
    else faults.push({ index, fault: reading.fault });
    index++;
  }
  return ok({ readings, faults });
}

interface Columns {
  readonly time: number;
  readonly type: number;
  readonly subtype: number;
  readonly glucose: number;
  readonly glucoseUnit: 'mg/dL' | 'mmol/L';
  readonly insulin: number;
  readonly carbs: number;
}

/** Columns come and go between versions: they are found by how their names begin. */
function readColumns(head: readonly string[]): Columns | undefined {
  const find = (name: string) => head.findIndex((title) => title.startsWith(name));
  const glucose = find('Glucose Value');
  const columns: Columns = {
    time: find('Timestamp'),
    type: find('Event Type'),
    subtype: find('Event Subtype'),
    glucose,
    glucoseUnit: head[glucose]?.includes('mmol') ? 'mmol/L' : 'mg/dL',
    insulin: find('Insulin Value'),
    carbs: find('Carb Value'),
  };
  const { time, type } = columns;
  return time < 0 || type < 0 || glucose < 0 ? undefined : columns;
}

interface Measured {
  readonly metric: string | undefined;
  readonly unit: string;
  readonly column: number;
}

/** Which column of a row holds its measurement; undefined for a row that measures nothing. */
function measuredIn(row: readonly string[], columns: Columns): Measured | undefined {
  const { glucose, glucoseUnit, insulin, carbs } = columns;
  switch (row[columns.type]) {
    case 'EGV':
      return { metric: 'glucose-interstitial', unit: glucoseUnit, column: glucose };
    case 'Calibration':
      return { metric: 'glucose-capillary', unit: glucoseUnit, column: glucose };
    case 'Carbs':
      return { metric: 'carbohydrates', unit: 'g', column: carbs };
    case 'Insulin': {
      // A long-acting dose is no bolus, and the catalogue has no other.
      const isFast = (row[columns.subtype] ?? '').startsWith('Fast');
      return { metric: isFast ? 'insulin-bolus' : undefined, unit: '[iU]', column: insulin };
    }
    default:
      return undefined;
  }
}

interface RowContext {
  readonly columns: Columns;
  readonly measured: Measured;
  readonly context: ClarityContext;
}

function readRow(row: readonly string[], { columns, measured, context }: RowContext) {
  const { metric, unit, column } = measured;
  if (metric === undefined) return fail('METRIC_UNKNOWN');
  const local = readIsoTime(`${(row[columns.time] ?? '').replace(' ', 'T')}Z`);
  if (local === undefined) return fail('STAMP_INVALID', 'the timestamp');
  const stampMs = local - (context.utcOffsetMinutes ?? 0) * 60_000;
  const text = row[column] ?? '';
  const word = metric === 'glucose-interstitial' ? readSensorWord(text) : undefined;
  if (word !== undefined) return ok({ metric, unit: 'mg/dL', stampMs, ...word });
  const read = readMeasuredText(text, metric);
  if (!read.ok) return read;
  const { value, flags } = read.value;
  return ok({ metric, unit: read.value.unit ?? unit, stampMs, value, flags });
}
