/**
 * What a FHIR provision says about whom, what and when. Every element that narrows is read or refused:
 * one that was passed over would make the provision wider than the person meant.
 */
import { findMetric } from '@ausculta/vitals/lookup';
import type { Provision, Span } from './consent.ts';
import { type Json, listOf, objectOf, textOf, Unreadable } from './consent-json.ts';
import { spanOf } from './consent-period.ts';
import type { Action, DataClass } from './vocabulary.ts';
import {
  actionPlace,
  bitsOf,
  dataPlace,
  type Place,
  purposePlace,
  rolePlace,
} from './word-bits.ts';

export interface ConsentOptions {
  /** For dates without a zone: minutes east of Greenwich where the person lives. */
  readonly utcOffsetMinutes: number;
}

const SYSTEMS = {
  ACTION: 'http://terminology.hl7.org/CodeSystem/consentaction',
  PURPOSE: 'http://terminology.hl7.org/CodeSystem/v3-ActReason',
  RESOURCE: 'http://hl7.org/fhir/resource-types',
  PARTICIPATION: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType',
  LOINC: 'http://loinc.org',
  MDC: 'urn:iso:std:iso:11073:10101',
  METRIC: 'urn:ausculta:metric',
  ROLE: 'urn:ausculta:role',
  DATA: 'urn:ausculta:data-class',
  HOURS: 'urn:ausculta:consent-hours',
} as const;

const ACTIONS_OF: Readonly<Record<string, readonly Action[]>> = {
  collect: ['create'],
  access: ['read', 'search', 'stream', 'acknowledge', 'pause-audio'],
  use: ['score', 'command', 'administer'],
  disclose: ['disclose', 'export'],
  correct: ['change', 'delete'],
};

const CLASSES_OF: Readonly<Record<string, readonly DataClass[]>> = {
  Patient: ['identity'],
  Encounter: ['placement'],
  Observation: ['vitals', 'waveforms', 'laboratory', 'events'],
  DiagnosticReport: ['laboratory', 'documents'],
  DetectedIssue: ['alarms'],
  Flag: ['alarms'],
  MedicationRequest: ['medication'],
  MedicationStatement: ['medication'],
  MedicationAdministration: ['medication'],
  MedicationDispense: ['medication'],
  DocumentReference: ['documents'],
  Composition: ['documents'],
  CarePlan: ['protocols'],
  Consent: ['consents'],
  AuditEvent: ['disclosures'],
};

/** Known to HL7, and never asked for here: a provision about it alone is about nothing we do. */
const PURPOSES_NEVER_ASKED = ['HMARKT'];

const READ_HERE = [
  ...['id', 'type', 'provision', 'period', 'actor', 'action', 'securityLabel', 'purpose'],
  ...['class', 'code', 'dataPeriod', 'extension'],
];

type Conditions = Omit<Provision, 'path' | 'effect' | 'exceptions'>;

export function readConditions(json: Json, at: string, options: ConsentOptions): Conditions {
  for (const name of Object.keys(json)) {
    if (!READ_HERE.includes(name)) throw new Unreadable(`${at}.${name}`);
  }
  return {
    ...actorsOf(json, at),
    ...bitsUnder('actions', json['action'], `${at}.action`, actionBits),
    ...bitsUnder('purposes', json['purpose'], `${at}.purpose`, purposeBits),
    ...bitsUnder('dataClasses', json['class'], `${at}.class`, classBits),
    ...metricsOf(json, at),
    ...labelsOf(json, at),
    ...spanUnder('period', json, at, options),
    ...spanUnder('dataPeriod', json, at, options),
    ...hoursOf(json, at),
  };
}

function bitsUnder<K extends string>(
  name: K,
  value: unknown,
  at: string,
  bitsOfCode: (coding: Json, at: string) => number,
): Partial<Record<K, number>> {
  if (value === undefined) return {};
  let bits = 0;
  for (const [index, item] of listOf(value, at).entries()) {
    for (const coding of codingsOf(item, `${at}[${index}]`)) {
      bits |= bitsOfCode(coding, `${at}[${index}]`);
    }
  }
  return { [name]: bits } as Partial<Record<K, number>>;
}

/** A Coding, or a CodeableConcept with several that mean the same. */
function codingsOf(item: unknown, at: string): readonly Json[] {
  const json = objectOf(item, at);
  if (json['coding'] === undefined) return [json];
  return listOf(json['coding'], at).map((coding) => objectOf(coding, at));
}

function actionBits({ system, code }: Json, at: string): number {
  const actions = system === SYSTEMS.ACTION ? own(ACTIONS_OF, code) : undefined;
  if (actions === undefined) throw new Unreadable(at);
  return bitsOf(actions, actionPlace);
}

function purposeBits({ system, code }: Json, at: string): number {
  if (system !== SYSTEMS.PURPOSE) throw new Unreadable(at);
  if (PURPOSES_NEVER_ASKED.includes(`${code}`)) return 0;
  return bitOf(code, purposePlace, at);
}

function classBits({ system, code }: Json, at: string): number {
  if (system === SYSTEMS.DATA) return bitOf(code, dataPlace, at);
  const classes = system === SYSTEMS.RESOURCE ? own(CLASSES_OF, code) : undefined;
  if (classes === undefined) throw new Unreadable(at);
  return bitsOf(classes, dataPlace);
}

function bitOf(code: unknown, placeOf: (word: string) => Place, at: string): number {
  const place = typeof code === 'string' ? placeOf(code) : undefined;
  if (place === undefined) throw new Unreadable(at);
  return 1 << place;
}

function own<T>(table: Readonly<Record<string, T>>, code: unknown): T | undefined {
  return typeof code === 'string' && Object.hasOwn(table, code) ? table[code] : undefined;
}

function metricsOf(json: Json, at: string): Pick<Conditions, 'metrics'> {
  if (json['code'] === undefined) return {};
  const systems: unknown[] = [SYSTEMS.LOINC, SYSTEMS.MDC, SYSTEMS.METRIC];
  const metrics = listOf(json['code'], `${at}.code`).flatMap((concept, index) => {
    const where = `${at}.code[${index}]`;
    const found = codingsOf(concept, where).flatMap(({ system, code }) => {
      const metric = systems.includes(system) ? findMetric(`${code}`)?.metric : undefined;
      return metric === undefined ? [] : [metric.key];
    });
    if (found.length === 0) throw new Unreadable(where);
    return found;
  });
  return { metrics: [...new Set(metrics)] };
}

function labelsOf(json: Json, at: string): Pick<Conditions, 'labels'> {
  if (json['securityLabel'] === undefined) return {};
  const labels = listOf(json['securityLabel'], `${at}.securityLabel`).map((item, index) => {
    const where = `${at}.securityLabel[${index}]`;
    const { system, code } = objectOf(item, where);
    return `${textOf(system, where)}|${textOf(code, where)}`;
  });
  return { labels };
}

/** Recipients and custodians; any other part that somebody plays is refused. */
function actorsOf(json: Json, at: string): Pick<Conditions, 'actors' | 'custodians'> {
  if (json['actor'] === undefined) return {};
  const references: string[] = [];
  const custodians: string[] = [];
  let roles = 0;
  for (const [index, item] of listOf(json['actor'], `${at}.actor`).entries()) {
    const where = `${at}.actor[${index}]`;
    const actor = objectOf(item, where);
    const [coding] = codingsOf(objectOf(actor['role'], where), where);
    if (coding?.['system'] === SYSTEMS.ROLE) roles |= bitOf(coding['code'], rolePlace, where);
    else {
      if (coding?.['system'] !== SYSTEMS.PARTICIPATION) throw new Unreadable(where);
      const named = textOf(objectOf(actor['reference'], where)['reference'], where);
      if (coding['code'] === 'CST') custodians.push(named);
      else if (coding['code'] === 'IRCP' || coding['code'] === 'PRCP') references.push(named);
      else throw new Unreadable(where);
    }
  }
  const hasActors = roles !== 0 || references.length > 0;
  return {
    ...(hasActors ? { actors: { roles, references } } : {}),
    ...(custodians.length > 0 ? { custodians } : {}),
  };
}

function spanUnder<K extends 'period' | 'dataPeriod'>(
  name: K,
  json: Json,
  at: string,
  { utcOffsetMinutes }: ConsentOptions,
): Partial<Record<K, Span>> {
  if (json[name] === undefined) return {};
  const span = spanOf(objectOf(json[name], `${at}.${name}`), utcOffsetMinutes);
  if (span === undefined) throw new Unreadable(`${at}.${name}`);
  return { [name]: span } as Partial<Record<K, Span>>;
}

/** R4 has no hours of the day: an extension of ours, with `from` and `until` as valueTime. */
function hoursOf(json: Json, at: string): Pick<Conditions, 'hours'> {
  const where = `${at}.extension`;
  // Other extensions may be passed over; what modifies the meaning stands elsewhere and is refused.
  const [ours, ...more] = listOf(json['extension'], where)
    .map((extension) => objectOf(extension, where))
    .filter(({ url }) => url === SYSTEMS.HOURS);
  if (ours === undefined) return {};
  if (more.length > 0) throw new Unreadable(where);
  const minutes = new Map(
    listOf(ours['extension'], where).map((part) => {
      const { url: name, valueTime } = objectOf(part, where);
      return [name, minuteOfDay(valueTime, where)];
    }),
  );
  const fromMinute = minutes.get('from');
  const untilMinute = minutes.get('until');
  if (fromMinute === undefined || untilMinute === undefined || minutes.size !== 2) {
    throw new Unreadable(where);
  }
  // From eight to eight could mean never or always.
  if (fromMinute === untilMinute) throw new Unreadable(where);
  return { hours: { fromMinute, untilMinute } };
}

function minuteOfDay(value: unknown, at: string): number {
  const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d):00$/.exec(textOf(value, at)) ?? [];
  if (hour === undefined || minute === undefined) throw new Unreadable(at);
  return Number(hour) * 60 + Number(minute);
}
