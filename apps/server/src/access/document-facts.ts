/** What consents and grants ask of a FHIR resource: which class it is, which stay it names, when it was, of what. */
import { readDate } from '@ausculta/fhir/date-range';
import type { DataClass } from '@ausculta/policy/vocabulary';
import type { SubjectId } from '@ausculta/vitals/identity';
import { findMetric } from '@ausculta/vitals/lookup';
import { classOf } from './document-class.ts';
import type { Asked } from './gate.ts';

export interface DocumentFacts
  extends Pick<Asked, 'encounterId' | 'span' | 'metric' | 'labels' | 'dataClass'> {}

interface Coding {
  readonly system?: string;
  readonly code?: string;
}

interface Reference {
  readonly reference?: string;
}

/** A resource that was found valid when it was written. */
interface Told {
  readonly id?: string;
  readonly category?: unknown;
  readonly code?: { readonly coding?: readonly Coding[] };
  readonly meta?: { readonly security?: readonly Coding[] };
  readonly encounter?: Reference;
  readonly context?: Reference & { readonly encounter?: readonly Reference[] | Reference };
  readonly [element: string]: unknown;
}

const PATIENT_TOLD =
  /(?:Patient\/|"resourceType":"Patient","id":")([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/g;

/** Whom a text of FHIR resources names, here or elsewhere. */
export function subjectsTold(text: string): Set<SubjectId> {
  const told = new Set<SubjectId>();
  for (const [, id = ''] of text.matchAll(PATIENT_TOLD)) told.add(id as SubjectId);
  return told;
}

/** When something was, by the element that says so in one type or another. */
const MOMENTS = [
  ...['effectiveDateTime', 'effectiveInstant', 'performedDateTime', 'occurrenceDateTime'],
  ...['authoredOn', 'recordedDate', 'onsetDateTime', 'date', 'issued', 'sent', 'created'],
];
const PERIODS = ['effectivePeriod', 'performedPeriod', 'occurrencePeriod', 'period'];

export function documentFacts(type: string, text: string): DocumentFacts {
  const told = JSON.parse(text) as Told;
  const dataClass: DataClass = classOf(type, told);
  return {
    dataClass,
    encounterId: type === 'Encounter' ? told.id : encounterOf(told),
    span: spanOf(told),
    labels: told.meta?.security?.map(({ system, code }) => `${system ?? ''}|${code ?? ''}`),
    metric: type === 'Observation' ? metricOf(told) : undefined,
  };
}

const ENCOUNTER = /(?:^|\/)Encounter\/([A-Za-z0-9.-]{1,64})(?:\/_history\/.*)?$/;

function encounterOf({ encounter, context }: Told): string | undefined {
  const [within] = [context?.encounter].flat();
  for (const one of [encounter, within, context]) {
    const id = ENCOUNTER.exec(one?.reference ?? '')?.[1];
    if (id !== undefined) return id;
  }
  return undefined;
}

function metricOf({ code }: Told): string | undefined {
  for (const { code: one } of code?.coding ?? []) {
    const metric = one === undefined ? undefined : findMetric(one)?.metric;
    if (metric !== undefined) return metric.key;
  }
  return undefined;
}

function spanOf(told: Told): DocumentFacts['span'] {
  for (const name of PERIODS) {
    const period = told[name] as { start?: unknown; end?: unknown } | undefined;
    const from = momentOf(period?.start);
    if (from === undefined) continue;
    // One that has not ended goes on.
    const untilMs = momentOf(period?.end)?.untilMs ?? Number.POSITIVE_INFINITY;
    return { fromMs: from.fromMs, untilMs };
  }
  for (const name of MOMENTS) {
    const moment = momentOf(told[name]);
    if (moment !== undefined) return moment;
  }
  return undefined;
}

function momentOf(value: unknown): { fromMs: number; untilMs: number } | undefined {
  return typeof value === 'string' ? readDate(value) : undefined;
}
