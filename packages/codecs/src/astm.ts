import { ok, type Result } from '@ausculta/vitals/fault';
import { findMetric } from '@ausculta/vitals/lookup';
import { FLAG } from '@ausculta/vitals/reading';
import {
  type AstmDelimiters,
  type AstmRecord,
  type AstmRecords,
  astmComponent,
  astmPlain,
  parseAstm,
} from './astm-record.ts';
import type { Building } from './building.ts';
import type { PartFault } from './decoded.ts';
import type { DeviceReading } from './device-report.ts';
import { readHl7Time } from './hl7-time.ts';
import { readMeasuredText } from './measured-text.ts';

/** What an analyser's message says: of whom, which specimen, which results. */
export interface AstmMessage {
  readonly sender: string;
  readonly version: string;
  /** P production, T training, D debugging, Q quality control. */
  readonly processing: string;
  readonly sentMs?: number;
  readonly patients: readonly AstmPatient[];
  /** Q records: specimens whose orders the analyser asks for. */
  readonly queries: readonly string[];
}

export interface AstmPatient {
  readonly practiceId: string;
  readonly laboratoryId: string;
  readonly familyName: string;
  readonly givenName: string;
  readonly orders: readonly AstmOrder[];
}

export interface AstmOrder {
  readonly specimenIds: readonly string[];
  readonly tests: readonly string[];
  /** S stat, A as soon as possible, R routine. */
  readonly priority: string;
  /** N new, C cancel, A add, Q quality control. */
  readonly action: string;
  readonly results: readonly AstmResult[];
}

export interface AstmResult {
  /** The raw universal test id: `^^^GLU^…`, or a LOINC code in its first part. */
  readonly test: string;
  readonly value: string;
  readonly unit: string;
  readonly range: string;
  readonly flags: readonly string[];
  readonly status: string;
  readonly stampMs?: number;
  readonly comments: readonly string[];
}

export interface AstmContext {
  /** The analyser's zone: its times name none. */
  readonly utcOffsetMinutes?: number;
  /** Which metric a maker's own test id means; a standard code needs no mapping. */
  readonly metricOf?: (test: string) => string | undefined;
}

export interface AstmDecoded {
  readonly message: AstmMessage;
  readonly readings: readonly DeviceReading[];
  /** Index: the result's position among all results. */
  readonly faults: readonly PartFault[];
}

export function decodeAstm(bytes: Uint8Array, context: AstmContext = {}): Result<AstmDecoded> {
  const parsed = parseAstm(bytes);
  if (!parsed.ok) return parsed;
  const message = readMessage(parsed.value, context.utcOffsetMinutes ?? 0);
  return ok({ message, ...readResults(message, parsed.value.delimiters, context) });
}

type Open<Of> = Building<Of>;
interface OpenPatient extends Open<Omit<AstmPatient, 'orders'>> {
  orders: OpenOrder[];
}
interface OpenOrder extends Open<Omit<AstmOrder, 'results'>> {
  results: (Open<Omit<AstmResult, 'comments'>> & { comments: string[] })[];
}

function readMessage({ records, delimiters }: AstmRecords, offset: number): AstmMessage {
  const message: Open<Omit<AstmMessage, 'patients' | 'queries'>> & {
    patients: OpenPatient[];
    queries: string[];
  } = { sender: '', version: '', processing: '', patients: [], queries: [] };
  const field = (record: AstmRecord, n: number) => record.fields[n - 1] ?? '';
  const text = (record: AstmRecord, n: number) => astmPlain(field(record, n), delimiters);
  const patient = () => message.patients.at(-1) ?? open(message.patients, NOBODY());
  const order = () => patient().orders.at(-1) ?? open(patient().orders, NO_ORDER());
  for (const record of records) {
    switch (record.type) {
      case 'H': {
        const sentMs = readHl7Time(field(record, 14), offset)?.stampMs;
        message.sender = text(record, 5);
        message.processing = text(record, 12);
        message.version = text(record, 13);
        if (sentMs !== undefined) message.sentMs = sentMs;
        break;
      }
      case 'P':
        message.patients.push({
          practiceId: text(record, 3),
          laboratoryId: text(record, 4),
          familyName: astmComponent(field(record, 6), 1, delimiters),
          givenName: astmComponent(field(record, 6), 2, delimiters),
          orders: [],
        });
        break;
      case 'O':
        patient().orders.push({
          specimenIds: repeats(field(record, 3), delimiters),
          tests: repeats(field(record, 5), delimiters),
          priority: text(record, 6),
          action: text(record, 12),
          results: [],
        });
        break;
      case 'R':
        order().results.push(readResult(record, delimiters, offset));
        break;
      case 'C':
        order().results.at(-1)?.comments.push(text(record, 4));
        break;
      case 'Q':
        message.queries.push(astmComponent(field(record, 3), 2, delimiters));
        break;
      default:
        break;
    }
  }
  return message;
}

function open<Of>(list: Of[], element: Of): Of {
  list.push(element);
  return element;
}

const NOBODY = (): OpenPatient => ({
  practiceId: '',
  laboratoryId: '',
  familyName: '',
  givenName: '',
  orders: [],
});
const NO_ORDER = (): OpenOrder => ({
  specimenIds: [],
  tests: [],
  priority: '',
  action: '',
  results: [],
});

/** Raw repeats: a test id keeps its components, which only the analyser's maker can read. */
function repeats(field: string, { repeat }: AstmDelimiters): string[] {
  return field === '' ? [] : field.split(repeat);
}

function readResult(record: AstmRecord, delimiters: AstmDelimiters, offset: number) {
  const field = (n: number) => record.fields[n - 1] ?? '';
  // R-13 completed; an analyser without it says at least when it began.
  const stampMs = (readHl7Time(field(13), offset) ?? readHl7Time(field(12), offset))?.stampMs;
  return {
    test: field(3),
    value: astmComponent(field(4), 1, delimiters),
    unit: astmPlain(field(5), delimiters),
    range: astmPlain(field(6), delimiters),
    flags: repeats(field(7), delimiters),
    status: field(9),
    ...(stampMs !== undefined && { stampMs }),
    comments: [] as string[],
  };
}

function readResults(
  message: AstmMessage,
  delimiters: AstmDelimiters,
  context: AstmContext,
): Omit<AstmDecoded, 'message'> {
  const readings: DeviceReading[] = [];
  const faults: PartFault[] = [];
  let index = -1;
  for (const order of message.patients.flatMap(({ orders }) => orders)) {
    for (const result of order.results) {
      index++;
      const read = readReading(result, delimiters, context);
      // A quality control's value is no patient's.
      if (order.action === 'Q' || message.processing === 'Q') {
        faults.push({ index, fault: { code: 'METRIC_UNKNOWN', detail: 'a quality control' } });
      } else if (!read.ok) {
        faults.push({ index, fault: read.fault });
      } else if (read.value !== undefined) {
        const isMadeUp = message.processing === 'T' || message.processing === 'D';
        const flags = read.value.flags | (isMadeUp ? FLAG.SIMULATED : 0);
        readings.push({ ...read.value, flags });
      }
    }
  }
  return { readings, faults };
}

function readReading(
  result: AstmResult,
  delimiters: AstmDelimiters,
  { metricOf }: AstmContext,
): Result<DeviceReading | undefined> {
  // X: the order cannot be done. I, Q: a value is still to come.
  if (result.value === '' || /^[XIQ]$/.test(result.status)) return ok(undefined);
  const universal = astmComponent(result.test, 1, delimiters);
  const mapped = metricOf?.(result.test);
  const name = mapped ?? (/^\d{1,7}-\d$/.test(universal) ? universal : undefined);
  const named = name === undefined ? undefined : findMetric(name);
  if (named === undefined) return { ok: false, fault: { code: 'METRIC_UNKNOWN' } };
  const measured = readMeasuredText(result.value, named.metric.key);
  if (!measured.ok) return measured;
  const { value, flags, unit } = measured.value;
  const stamp = result.stampMs;
  return ok({
    metric: named.metric.key,
    unit: unit ?? (result.unit || named.unit),
    value,
    flags: flags | resultFlags(result),
    ...(stamp !== undefined && { stampMs: stamp }),
  });
}

/** R-7 "<" and ">" are beyond the instrument; H and L only beyond what is normal. */
function resultFlags({ flags, status }: AstmResult): number {
  const above = flags.includes('>') ? FLAG.ABOVE : 0;
  const below = flags.includes('<') && above === 0 ? FLAG.BELOW : 0;
  return above | below | (status === 'C' ? FLAG.CORRECTION : 0);
}
