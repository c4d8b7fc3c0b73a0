import { type Fault, fail, ok, type Result } from '@ausculta/vitals/fault';
import type { NamedMetric } from '@ausculta/vitals/lookup';
import { FLAG } from '@ausculta/vitals/reading';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import type { Building } from './building.ts';
import type { PartFault } from './decoded.ts';
import type { DeviceReading } from './device-report.ts';
import { type Hl7Delimiters, plain } from './hl7-message.ts';
import type { Hl7Observation, Hl7Order } from './hl7-observation.ts';
import { metricOfCode, readCode, remembering, unitOfCode } from './hl7-term.ts';
import { readWaveforms } from './hl7-waveform.ts';
import { type MeasuredText, readMeasuredText } from './measured-text.ts';

/** A reading with the device that made it, where one connection speaks for many. */
export interface Hl7Reading extends DeviceReading {
  /** Raw OBX-18. Together with the term it names the source; the dotted OBX-4 does not last. */
  readonly equipment?: string;
}

export interface Hl7Readings {
  readonly readings: readonly Hl7Reading[];
  readonly waveforms: readonly WaveformRun[];
  /** What the sender takes back (OBX-11 D and W): same metric and stamp as what it sent before. */
  readonly retracted: readonly Hl7Reading[];
  /** Index: the observation's position in its order. */
  readonly faults: readonly PartFault[];
}

interface Collected {
  readonly readings: Hl7Reading[];
  readonly waveforms: WaveformRun[];
  readonly retracted: Hl7Reading[];
  readonly faults: PartFault[];
}

/** Terms and units mean the same in every message that uses the same delimiters. */
interface Vocabulary {
  readonly metric: (raw: string) => NamedMetric | undefined;
  readonly unit: (raw: string) => string | undefined;
}

const vocabularies = new Map<string, Vocabulary>();
const VOCABULARIES_MAX = 8;

function vocabularyOf(delimiters: Hl7Delimiters): Vocabulary {
  const { component, repetition, subcomponent } = delimiters;
  const key = component + repetition + delimiters.escape + subcomponent;
  const known = vocabularies.get(key);
  if (known !== undefined) return known;
  if (vocabularies.size >= VOCABULARIES_MAX) vocabularies.clear();
  const vocabulary = {
    metric: remembering((raw) => metricOfCode(readCode(raw, delimiters))),
    unit: remembering((raw) => unitOfCode(readCode(raw, delimiters))),
  };
  vocabularies.set(key, vocabulary);
  return vocabulary;
}

/** `flags` are those of the whole message: what a training system sends is simulated. */
export function readOrder(order: Hl7Order, delimiters: Hl7Delimiters, flags: number): Hl7Readings {
  const vocabulary = vocabularyOf(delimiters);
  const into: Collected = { readings: [], waveforms: [], retracted: [], faults: [] };
  let hasWaveforms = false;
  const { observations } = order;
  for (let index = 0; index < observations.length; index++) {
    const observation = observations[index] as Hl7Observation;
    if (observation.valueType === 'NA' || observation.valueType === 'MA') hasWaveforms = true;
    else readObservation(observation, index, { vocabulary, delimiters, flags, into });
  }
  if (hasWaveforms) {
    const { waveforms, faults } = readWaveforms(order, delimiters, vocabulary.metric);
    into.waveforms.push(...waveforms.map((run) => ({ ...run, flags: run.flags | flags })));
    into.faults.push(...faults);
  }
  return into;
}

interface Reading {
  readonly vocabulary: Vocabulary;
  readonly delimiters: Hl7Delimiters;
  readonly flags: number;
  readonly into: Collected;
}

function readObservation(observation: Hl7Observation, index: number, reading: Reading): void {
  const { vocabulary, delimiters, into } = reading;
  // A row without a value is a device, a channel or something not measured: nothing to read.
  const value = observation.value;
  if (value === '' || value === '""') return;
  const refuse = (fault: Fault) => into.faults.push({ index, fault });
  const named = vocabulary.metric(observation.code);
  if (named === undefined) {
    // Waveform facets and device attributes are read where they belong.
    if (isAttribute(observation.code)) return;
    // Without its type nobody can tell a number from a code (table B.8-1: OBX-2 is required then).
    if (observation.valueType === '')
      refuse({ code: 'PAYLOAD_MALFORMED', detail: 'OBX-2 is missing' });
    else refuse({ code: 'METRIC_UNKNOWN' });
    return;
  }
  if (observation.hasBadTime) {
    refuse({ code: 'STAMP_INVALID', detail: 'OBX-14' });
    return;
  }
  const measured = readValue(observation, named.metric.key, delimiters);
  if (!measured.ok) {
    refuse(measured.fault);
    return;
  }
  if (isNotMeasured(measured.value, named)) return;
  const made: Building<Hl7Reading> = {
    metric: named.metric.key,
    value: measured.value.value,
    flags:
      measured.value.flags |
      reading.flags |
      abnormalFlags(observation.flags, delimiters) |
      statusFlags(observation.status),
  };
  const unit =
    measured.value.unit ??
    (observation.unit === '' ? named.unit : vocabulary.unit(observation.unit));
  if (unit !== undefined) made.unit = unit;
  if (observation.stampMs !== undefined) made.stampMs = observation.stampMs;
  if (observation.equipment !== undefined) made.equipment = observation.equipment;
  if (observation.status === 'D' || observation.status === 'W') into.retracted.push(made);
  else into.readings.push(made);
}

function isAttribute(code: string): boolean {
  return code.includes('MDC_ATTR_') || code.includes('MDC_TIME_') || code.includes('MDC_EVT_');
}

/** Some monitors send -100 for "not measured", where nothing can be so low. */
const NOT_MEASURED = -100;

function isNotMeasured({ value }: MeasuredText, { metric }: NamedMetric): boolean {
  return value === NOT_MEASURED && metric.plausible.low > NOT_MEASURED;
}

/** A number in NM, SN or text; what a maker writes instead of one is one-sided or a fault (S2). */
function readValue(
  observation: Hl7Observation,
  metric: string,
  delimiters: Hl7Delimiters,
): Result<MeasuredText> {
  const { value, valueType } = observation;
  if (value.includes(delimiters.repetition)) {
    return fail('PAYLOAD_MALFORMED', 'several values in one observation');
  }
  if (valueType === 'SN' && value.includes(delimiters.component)) {
    return readStructured(value.split(delimiters.component), metric);
  }
  return readMeasuredText(plain(value, delimiters), metric);
}

/** SN: comparator, number, separator, number. A range or a ratio is no single number. */
function readStructured(parts: readonly string[], metric: string): Result<MeasuredText> {
  const [comparator = '', first = '', separator = ''] = parts;
  if (separator !== '' && separator !== '+') {
    return fail('PAYLOAD_MALFORMED', 'a range or a ratio is no single value');
  }
  const sign = comparator === '=' ? '' : comparator;
  const read = readMeasuredText(`${sign}${first}`, metric);
  if (read.ok && separator === '+') return ok({ ...read.value, flags: FLAG.ABOVE });
  return read;
}

/** OBX-8 of table 0078 and of IHE PCD. H, L and their kin are for the reader of a report. */
const ABNORMAL_FLAGS: ReadonlyMap<string, number> = new Map([
  ['>', FLAG.ABOVE],
  ['<', FLAG.BELOW],
  ['DEMO', FLAG.SIMULATED],
  ['TEST', FLAG.SIMULATED],
  ['QUES', FLAG.QUESTIONABLE],
  ['INV', FLAG.QUESTIONABLE],
  ['EARLY', FLAG.QUESTIONABLE],
  ['CALIB', FLAG.QUESTIONABLE],
  ['OFF', FLAG.QUESTIONABLE],
  ['NAV', FLAG.QUESTIONABLE],
]);

function abnormalFlags(raw: string, delimiters: Hl7Delimiters): number {
  if (raw === '') return 0;
  let flags = 0;
  for (const repetition of raw.split(delimiters.repetition)) {
    const code = plain(repetition.split(delimiters.component)[0] ?? '', delimiters);
    flags |= ABNORMAL_FLAGS.get(code) ?? 0;
  }
  // Both at once is a contradiction: the value stands as it is, in doubt.
  const both = FLAG.ABOVE | FLAG.BELOW;
  return (flags & both) === both ? (flags & ~both) | FLAG.QUESTIONABLE : flags;
}

/** A value in a row that says "no result" contradicts itself: kept, and in doubt. */
function statusFlags(status: string): number {
  if (status === 'C') return FLAG.CORRECTION;
  return status === 'X' || status === 'I' ? FLAG.QUESTIONABLE : 0;
}
