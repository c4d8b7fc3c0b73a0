import { expect } from '@ausculta/vitals/expect';
import { metricOf } from '@ausculta/vitals/lookup';
import { FLAG, type ReportedReading } from '@ausculta/vitals/reading';
import { sampleOffsetMs, type WaveformRun } from '@ausculta/vitals/waveform';
import type { Hl7Alert } from './hl7-alert.ts';
import { escapeText } from './hl7-message.ts';
import type { Hl7Location } from './hl7-patient.ts';
import { writeHl7Time } from './hl7-time.ts';
import { mdcUnitOfUcum } from './mdc-terms.ts';

/** Writes what monitors send, for simulators and gateways: strictly as IHE PCD TF-2 has it. */
export interface Hl7Sender {
  /** `application^EUI64^EUI-64`. */
  readonly application: string;
  /** The device, raw OBX-18: `0600DC750001^^0600DC750001^EUI-64`. */
  readonly equipment: string;
  readonly nowMs: number;
  readonly controlId: string;
}

export interface Hl7Wearer {
  /** Absent: the bed is known and the person is not. */
  readonly recordNumber?: string;
  readonly familyName?: string;
  readonly givenName?: string;
  readonly location: Hl7Location;
}

const DEC_PROFILE = 'IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO';
const ACM_PROFILE = 'IHE_PCD_ACM_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.4.1^ISO';
const MONITOR_MDS = '69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC';
const MONITORING = '182777000^monitoring of patient^SCT';

type Fields = readonly string[];

function segments(rows: readonly Fields[]): string {
  return rows.map((fields) => `${fields.join('|')}\r`).join('');
}

function head(sender: Hl7Sender, wearer: Hl7Wearer, type: string, profile: string): Fields[] {
  const { recordNumber = '', familyName = '', givenName = '', location } = wearer;
  const { unit, room, bed, facility } = location;
  const name = familyName === '' ? '' : `${escapeText(familyName)}^${escapeText(givenName)}^^^^^L`;
  const time = writeHl7Time(sender.nowMs);
  return [
    [
      'MSH',
      '^~\\&',
      sender.application,
      '',
      '',
      '',
      time,
      '',
      type,
      escapeText(sender.controlId),
    ].concat(['P', '2.6', '', '', 'AL', 'NE', '', 'UNICODE UTF-8', '', '', profile]),
    ['PID', '', '', recordNumber === '' ? '' : `${escapeText(recordNumber)}^^^^MR`, '', name],
    ['PV1', '', 'I', [unit, room, bed, facility].map((part) => escapeText(part)).join('^')],
  ];
}

/** The row of a metric or of one facet; `at` is the dotted OBX-4. */
function obx(number: number, row: { at: string } & Partial<Record<ObxField, string>>): Fields {
  const { type = '', code = '', at, value = '', unit = '', range = '', flags = '' } = row;
  const { status = 'R', time = '', equipment = '' } = row;
  const before = ['OBX', String(number), type, code, at, value, unit, range, flags, '', '', status];
  return [...before, '', '', time, '', '', '', equipment];
}

type ObxField =
  | 'type'
  | 'code'
  | 'value'
  | 'unit'
  | 'range'
  | 'flags'
  | 'status'
  | 'time'
  | 'equipment';

/** PCD-01 with the readings and waveforms of one device; each metric needs a code that was read. */
export function writeObservations(
  measured: {
    readonly readings: readonly ReportedReading[];
    readonly waveforms?: readonly WaveformRun[];
  },
  wearer: Hl7Wearer,
  sender: Hl7Sender,
): string {
  const time = writeHl7Time(sender.nowMs);
  const rows = head(sender, wearer, 'ORU^R01^ORU_R01', DEC_PROFILE);
  const filler = `${escapeText(sender.controlId)}^${sender.application}`;
  rows.push(['OBR', '1', filler, filler, MONITORING, '', '', time]);
  let number = 1;
  const add = (row: Parameters<typeof obx>[1]) => rows.push(obx(number++, row));
  add({ at: '1.0.0.0', code: MONITOR_MDS, status: 'X', equipment: sender.equipment });
  for (const [index, reading] of measured.readings.entries()) {
    add({ at: `1.1.1.${index + 1}`, ...metricRow(reading) });
  }
  for (const [index, run] of (measured.waveforms ?? []).entries()) {
    const at = `1.1.2.${index + 1}`;
    add({ at, ...waveformRow(run) });
    const { numerator, denominator } = run.rate;
    const rateHz = String(numerator / denominator);
    add({
      at: `${at}.1`,
      type: 'NM',
      code: '0^MDC_ATTR_SAMP_RATE^MDC',
      value: rateHz,
      unit: '264608^MDC_DIM_PER_SEC^MDC',
    });
    add({
      at: `${at}.2`,
      type: 'NM',
      code: '2327^MDC_ATTR_NU_MSMT_RES^MDC',
      value: String(1 / run.gain),
    });
  }
  return segments(rows);
}

function metricRow({ metric, unit, value, stampMs, flags }: ReportedReading) {
  const side = flags & FLAG.ABOVE ? '>' : flags & FLAG.BELOW ? '<' : '';
  const abnormal = [
    ...(flags & FLAG.SIMULATED ? ['DEMO'] : []),
    ...(flags & FLAG.QUESTIONABLE ? ['QUES'] : []),
  ];
  return {
    type: side === '' ? 'NM' : 'SN',
    code: termOf(metric),
    value: side === '' ? String(value) : `${side}^${value}`,
    unit: unitTerm(unit ?? metricOf(metric).unit),
    flags: abnormal.join('~'),
    status: flags & FLAG.CORRECTION ? 'C' : 'R',
    ...(stampMs !== undefined && { time: writeHl7Time(stampMs) }),
  };
}

/** Samples are sent as they are, less their zero; the resolution row says what a step is worth. */
function waveformRow(run: WaveformRun) {
  expect(sampleOffsetMs(run.rate, 1) > 0, 'a waveform has a rate');
  return {
    type: 'NA',
    code: termOf(run.metric),
    value: Array.from(run.samples, (sample) => sample - run.zero).join('^'),
    unit: unitTerm(metricOf(run.metric).unit),
    time: writeHl7Time(run.startMs),
  };
}

function termOf(metric: string): string {
  const { mdc, loinc, label } = metricOf(metric);
  const term = mdc.find(({ verified }) => verified);
  if (term !== undefined) return `${term.code}^${term.refId}^MDC`;
  expect(loinc[0] !== undefined, `the metric ${metric} has a code to send`);
  return `${loinc[0]}^${escapeText(label)}^LN`;
}

function unitTerm(ucum: string): string {
  const unit = mdcUnitOfUcum(ucum);
  return unit === undefined ? `${escapeText(ucum)}^^UCUM` : `${unit.code}^${unit.refId}^MDC`;
}

const PRIORITY_LETTERS = { high: 'PH', medium: 'PM', low: 'PL', information: 'PI' } as const;
const TYPE_LETTERS = { physiological: 'SP', technical: 'ST', advisory: 'SA' } as const;

/** PCD-04: the facets of one alert. `startedAs` is the id of its first message, for follow-ups. */
export function writeAlert(alert: Hl7Alert, wearer: Hl7Wearer, sender: Hl7Sender): string {
  const stampMs = alert.stampMs ?? sender.nowMs;
  const time = writeHl7Time(stampMs);
  const rows = head(sender, wearer, 'ORU^R40^ORU_R40', ACM_PROFILE);
  const [id = '', namespace = ''] = alert.id.split('^').map((part) => escapeText(part));
  const own = `${escapeText(sender.controlId)}^${sender.application}`;
  const parent = `^${id}${namespace === '' ? '' : `&${namespace}`}`;
  const before = ['OBR', '1', own, own, '196616^MDC_EVT_ALARM^MDC', '', '', time];
  rows.push([...before, ...Array<string>(21).fill(''), parent]);
  const { code, text, system } = alert.event;
  const facets: (Parameters<typeof obx>[1] | undefined)[] = [
    {
      at: '.1',
      type: 'ST',
      code: `${code}^${text}^${system}`,
      value: escapeText(alert.text ?? ''),
      time,
      equipment: sender.equipment,
    },
    sourceRow(alert),
    facet('.3', '68481^MDC_ATTR_EVENT_PHASE^MDC', alert.phase),
    facet('.4', '68482^MDC_ATTR_ALARM_STATE^MDC', alert.state),
    facet('.5', '68483^MDC_ATTR_ALARM_INACTIVATION_STATE^MDC', alert.inactivation),
    facet(
      '.6',
      '68484^MDC_ATTR_ALARM_PRIORITY^MDC',
      alert.priority && PRIORITY_LETTERS[alert.priority],
    ),
    facet('.7', '68485^MDC_ATTR_ALERT_TYPE^MDC', alert.type && TYPE_LETTERS[alert.type]),
  ];
  let number = 1;
  for (const row of facets) {
    if (row !== undefined) rows.push(obx(number++, { ...row, at: `1.1.1.1${row.at}` }));
  }
  return segments(rows);
}

function facet(at: string, code: string, value: string | undefined) {
  return value === undefined ? undefined : { at, type: 'ST', code, value, status: 'F' };
}

function sourceRow({ metric, value, unit, limits, source }: Hl7Alert) {
  if (metric === undefined) {
    if (source === undefined) return undefined;
    return facet(
      '.2',
      '68480^MDC_ATTR_ALERT_SOURCE^MDC',
      `${source.code}^${source.text}^${source.system}`,
    );
  }
  return {
    at: '.2',
    type: 'NM',
    code: termOf(metric),
    value: value === undefined ? '' : String(value),
    unit: unitTerm(unit ?? metricOf(metric).unit),
    range: rangeOf(limits),
    status: 'F',
  };
}

function rangeOf(limits: Hl7Alert['limits']): string {
  const { low, high } = limits ?? {};
  if (low !== undefined && high !== undefined) return `${low}-${high}`;
  if (low !== undefined) return `>${low}`;
  return high === undefined ? '' : `<${high}`;
}
