import type { AlarmPriority } from '@ausculta/vitals/alarm';
import type { Building } from './building.ts';
import type { Hl7Delimiters } from './hl7-message.ts';
import type { Hl7Observation, Hl7Order } from './hl7-observation.ts';
import { type Hl7Code, metricOfCode, readCode, unitOfCode } from './hl7-term.ts';
import { readMeasuredText } from './measured-text.ts';

/**
 * An alert of IHE's ACM (PCD-04): one OBR whose observations are the facets of one event. A device's
 * alarm is shown as the device's own and never doubled (safety S27).
 */
export interface Hl7Alert {
  /** The same for every message about this alert: OBR-29 of a follow-up, else OBR-3. */
  readonly id: string;
  readonly event: Hl7Code;
  /** The maker's words for the event. */
  readonly text?: string;
  /** The metric or the part of the device that it is about. */
  readonly source?: Hl7Code;
  readonly metric?: string;
  readonly value?: number;
  readonly flags?: number;
  readonly unit?: string;
  /** The limits that were in force. */
  readonly limits?: { readonly low?: number; readonly high?: number };
  /** start, continue, end, update, … as the sender writes it. */
  readonly phase?: string;
  /** off, inactive, active or latched. */
  readonly state?: string;
  readonly inactivation?: string;
  readonly priority?: AlarmPriority | 'information';
  readonly type?: 'physiological' | 'technical' | 'advisory';
  readonly stampMs?: number;
  readonly equipment?: string;
  /** A sign of life: the sender will be silent for no longer than this. */
  readonly confirmTimeoutS?: number;
}

type Facet = 'source' | 'phase' | 'state' | 'inactivation' | 'priority' | 'type' | 'timeout';

/** Reference ids first: codes of the same facet differ between makers and versions. */
const FACETS: Readonly<Record<string, Facet>> = {
  MDC_ATTR_ALERT_SOURCE: 'source',
  MDC_ATTR_EVENT_PHASE: 'phase',
  MDC_ATTR_ALARM_STATE: 'state',
  MDC_ATTR_ALERT_STATE: 'state',
  MDC_ATTR_ALARM_INACTIVATION_STATE: 'inactivation',
  MDC_ATTR_ALARM_PRIORITY: 'priority',
  MDC_ATTR_ALERT_PRIORITY: 'priority',
  MDC_ATTR_ALERT_TYPE: 'type',
  MDC_ATTR_CONFIRM_TIMEOUT: 'timeout',
};
const FACETS_BY_CODE: Readonly<Record<string, Facet>> = {
  '68480': 'source',
  '68481': 'phase',
  '68482': 'state',
  '68483': 'inactivation',
  '68484': 'priority',
  '68485': 'type',
  '67860': 'timeout',
};

const PRIORITIES: Readonly<Record<string, AlarmPriority | 'information'>> = {
  PH: 'high',
  PM: 'medium',
  PL: 'low',
  PI: 'information',
};
const TYPES: Readonly<Record<string, NonNullable<Hl7Alert['type']>>> = {
  SP: 'physiological',
  ST: 'technical',
  SA: 'advisory',
};

/** The alert of an order; undefined where no row of it is an event. */
export function readAlert(order: Hl7Order, delimiters: Hl7Delimiters): Hl7Alert | undefined {
  const alert: Building<Partial<Hl7Alert>> = {};
  for (const observation of order.observations) {
    const term = readCode(observation.code, delimiters);
    const facet = FACETS[term.text] ?? FACETS_BY_CODE[term.code];
    if (facet !== undefined) takeFacet(alert, facet, { observation, delimiters });
    else if (isEvent(term)) takeEvent(alert, term, { observation, delimiters });
    else if (observation.value !== '') takeMetric(alert, term, { observation, delimiters });
  }
  const { event } = alert;
  if (event === undefined) return undefined;
  return { ...alert, id: alertId(order), event };
}

/** A follow-up may name its first message without the namespace that the first one had. */
function alertId({ fillerId, parentId }: Hl7Order): string {
  if (parentId === '' || fillerId.startsWith(`${parentId}^`)) return fillerId;
  return parentId;
}

interface Row {
  readonly observation: Hl7Observation;
  readonly delimiters: Hl7Delimiters;
}

const EVENT_PARTITION = 3;

function isEvent({ code, text }: Hl7Code): boolean {
  if (/^MDCX?_EVT_/.test(text)) return true;
  return /^\d+$/.test(code) && Number(code) >> 16 === EVENT_PARTITION;
}

function takeEvent(alert: Building<Partial<Hl7Alert>>, term: Hl7Code, row: Row): void {
  const { observation, delimiters } = row;
  const isCoded = observation.valueType === 'CWE' || observation.valueType === 'CE';
  const value = readCode(observation.value, delimiters);
  // MDC_EVT_ALARM only says that its value is the event.
  alert.event = isCoded && value.code !== '' ? value : term;
  const text = isCoded ? original(observation.value, delimiters) : value.code;
  if (text !== '') alert.text = text;
  if (observation.stampMs !== undefined) alert.stampMs = observation.stampMs;
  if (observation.equipment !== undefined) alert.equipment = observation.equipment;
  for (const flag of observation.flags.split(delimiters.repetition)) takeLetters(alert, flag);
}

/** CWE-9 is the text as the device shows it. */
function original(raw: string, delimiters: Hl7Delimiters): string {
  const parts = raw.split(delimiters.component);
  return parts[8] ?? parts[1] ?? '';
}

function takeLetters(alert: Building<Partial<Hl7Alert>>, letters: string): void {
  const priority = PRIORITIES[letters];
  const type = TYPES[letters];
  if (priority !== undefined) alert.priority ??= priority;
  if (type !== undefined) alert.type ??= type;
}

function takeFacet(alert: Building<Partial<Hl7Alert>>, facet: Facet, row: Row): void {
  const { observation, delimiters } = row;
  const value = readCode(observation.value, delimiters);
  switch (facet) {
    case 'source':
      if (value.code !== '') alert.source ??= value;
      return;
    case 'phase':
    case 'state':
    case 'inactivation':
      if (value.code !== '') alert[facet] = value.code;
      return;
    case 'priority': {
      const priority = PRIORITIES[value.code];
      if (priority !== undefined) alert.priority = priority;
      return;
    }
    case 'type': {
      const type = TYPES[value.code];
      if (type !== undefined) alert.type = type;
      return;
    }
    case 'timeout':
      if (Number(value.code) > 0) alert.confirmTimeoutS = Number(value.code);
      return;
    default:
      facet satisfies never;
  }
}

function takeMetric(alert: Building<Partial<Hl7Alert>>, term: Hl7Code, row: Row): void {
  const { observation, delimiters } = row;
  const named = metricOfCode(term);
  alert.source = term;
  if (named === undefined) return;
  alert.metric = named.metric.key;
  const measured = readMeasuredText(observation.value, named.metric.key);
  if (measured.ok) {
    alert.value = measured.value.value;
    if (measured.value.flags !== 0) alert.flags = measured.value.flags;
  }
  const unit = unitOfCode(readCode(observation.unit, delimiters));
  if (unit !== undefined) alert.unit = unit;
  const limits = readLimits(observation.range);
  if (limits !== undefined) alert.limits = limits;
}

const NUMBER = '-?\\d+(?:\\.\\d+)?';
const RANGE = new RegExp(`^(${NUMBER})-(${NUMBER})$`);
const ONE_SIDED = new RegExp(`^([<>])=?(${NUMBER})$`);

/** OBX-7: "90-96", ">98" (what is normal lies above), "<500". */
export function readLimits(range: string): Hl7Alert['limits'] {
  if (range.length > 64) return undefined;
  const text = range.replaceAll(' ', '');
  const both = RANGE.exec(text);
  if (both) return { low: Number(both[1]), high: Number(both[2]) };
  const one = ONE_SIDED.exec(text);
  if (!one) return undefined;
  return one[1] === '>' ? { low: Number(one[2]) } : { high: Number(one[2]) };
}
