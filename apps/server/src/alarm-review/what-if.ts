/** What a change of alarms would have done to one person after another: stored history, run under both plans. */
import type { UnreadablePart } from '@ausculta/contract/readings';
import type { WhatIfAnswer } from '@ausculta/contract/what-if';
import type { ZoneOffsets } from '@ausculta/rules/detectors/zone';
import { type Patient, type Plan, planAt } from '@ausculta/rules/protocol/plan';
import type { ActedOn } from '@ausculta/rules/whatif/acted-on';
import {
  differenceOf,
  leadInMs,
  metricsToRead,
  type PlanDifference,
} from '@ausculta/rules/whatif/changed-rules';
import { Replay, type Replayed } from '@ausculta/rules/whatif/replay';
import { type WhatIf, whatIf } from '@ausculta/rules/whatif/what-if';
import { EVENT_KINDS } from '@ausculta/vitals/event';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { Metric } from '@ausculta/vitals/metric';
import type { Viewer } from '../access/viewer.ts';
import type { ReadAs } from '../database/readers.ts';
import type { RegisteredSubject, Registry } from '../devices/registry.ts';
import { FIRST_EVENTS } from '../telemetry/events.ts';
import type { Span } from '../telemetry/merge.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { AskedPlans } from './asked-plans.ts';
import { acknowledgedWithin } from './store.ts';
import { StoredHistory } from './stored-history.ts';

/** As many as one question of spells: some seconds of reading. */
const READINGS_MAX = 50_000_000;
const EVENTS_MAX = 10_000;
const ACTED_MAX = 10_000;
/** Shown to the detectors in some 10 ms; then the devices get their turn. */
const INPUTS_AT_ONCE = 2_048;

export interface WhatIfPorts {
  readonly registry: Pick<Registry, 'seriesOfSubject'>;
  readonly telemetry: Pick<Telemetry, 'windows' | 'events'>;
  readonly read: ReadAs;
  readonly viewer: Viewer;
  readonly pause: () => Promise<void>;
  /** Nobody waits for the answer any more. */
  readonly isGone: () => boolean;
}

export interface WhatIfAsked extends Span, AskedPlans {
  readonly subjects: readonly RegisteredSubject[];
  readonly zone: ZoneOffsets;
}

export interface FoundOfMany {
  readonly found: readonly (WhatIf & { readonly subjectId: string })[];
  readonly readings: number;
  readonly shown: number;
  readonly leftOut: WhatIfAnswer['leftOut'];
  readonly unreadable: WhatIfAnswer['unreadable'];
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export async function whatIfOfMany(
  ports: WhatIfPorts,
  asked: WhatIfAsked,
): Promise<Result<FoundOfMany>> {
  const found: FoundOfMany['found'][number][] = [];
  const all: Mutable<Omit<FoundOfMany, 'found'>> = {
    ...{ readings: 0, shown: 0, leftOut: [], unreadable: [] },
  };
  for (const subject of asked.subjects) {
    if (ports.isGone()) break;
    const { difference, refusal } = plansOf(subject, asked);
    if (refusal !== undefined) all.leftOut.push({ subjectId: subject.id, why: refusal });
    if (difference.before.rules.length + difference.after.rules.length === 0) continue;
    const metrics = measuredOf(ports, subject, difference);
    if (isKeptBack(ports.viewer, subject, { metrics, difference })) {
      all.leftOut.push({ subjectId: subject.id, why: 'kept-back' });
      continue;
    }
    const unreadable: UnreadablePart[] = [];
    const own = {
      subject,
      difference,
      metrics,
      unreadable,
      readingsMax: READINGS_MAX - all.readings,
    };
    const replayed = await replay(ports, asked, own);
    if (!replayed.ok) return replayed;
    const acted = await actedOn(ports, subject, asked);
    const span = { fromMs: asked.fromMs, untilMs: asked.toMs, zone: asked.zone };
    const result = whatIf(replayed.value, { difference, acted, ...span });
    found.push({ ...result, subjectId: subject.id });
    all.readings += replayed.value.readings;
    all.shown += replayed.value.shown;
    all.unreadable.push(...unreadable.map((part) => ({ subjectId: subject.id, ...part })));
  }
  return ok({ found, ...all });
}

interface OwnPlans {
  readonly difference: PlanDifference;
  readonly refusal: Plan['refusal'];
}

/** By the ready scale: what a clinician has set for one person is not known here yet. */
function plansOf({ category }: RegisteredSubject, asked: WhatIfAsked): OwnPlans {
  const patient: Patient = { category, spo2Scale: 1, zone: asked.zone };
  const [before, after] = [asked.before, asked.after].map((protocol) =>
    planAt({ protocol, patient, overrides: [] }, asked.fromMs),
  ) as [Plan, Plan];
  return { difference: differenceOf(before, after), refusal: before.refusal ?? after.refusal };
}

function measuredOf(
  { registry }: WhatIfPorts,
  { id }: RegisteredSubject,
  difference: PlanDifference,
): readonly Metric[] {
  const series = registry.seriesOfSubject(id).filter(({ metric }) => metric.kind !== 'waveform');
  return metricsToRead(difference, new Set(series.map(({ metric }) => metric)));
}

/** Of whom something is kept back, nothing is run: without it the answer would be another. */
function isKeptBack(
  viewer: Viewer,
  { id: subjectId }: RegisteredSubject,
  of: { readonly metrics: readonly Metric[]; readonly difference: PlanDifference },
): boolean {
  const mayRead = (dataClass: 'protocols' | 'events'): boolean =>
    viewer.may({ action: 'read', dataClass, subjectId });
  const isSeen = of.metrics.every((metric) => viewer.seesMetric(subjectId, metric));
  return !(isSeen && mayRead('protocols') && (mayRead('events') || !asksEvents(of.difference)));
}

function asksEvents({ before, after }: PlanDifference): boolean {
  return [...before.rules, ...after.rules].some(
    ({ rule: { detector } }) =>
      detector.kind === 'event' ||
      (detector.kind === 'device' && detector.condition === 'leads-off'),
  );
}

interface Own {
  readonly subject: RegisteredSubject;
  readonly difference: PlanDifference;
  readonly metrics: readonly Metric[];
  readonly unreadable: UnreadablePart[];
  readonly readingsMax: number;
}

async function replay(
  ports: WhatIfPorts,
  { fromMs, toMs }: Span,
  { subject, difference, metrics, unreadable, readingsMax }: Own,
): Promise<Result<Replayed>> {
  const startMs = fromMs - leadInMs(difference);
  const span = { fromMs: startMs, toMs };
  const events = asksEvents(difference) ? await eventsOf(ports, subject, span) : ok([]);
  if (!events.ok) return events;
  const history = new StoredHistory(events.value);
  const running = new Replay(difference, startMs);
  const wide = { subjectId: subject.id, metrics: metrics.map(({ key }) => key), ...span };
  for await (const ranges of ports.telemetry.windows({ ...wide, newestFirst: false, unreadable })) {
    for (const piece of history.pieces(ranges)) {
      running.add(piece);
      while (!running.run(INPUTS_AT_ONCE)) await ports.pause();
      await ports.pause();
    }
    if (running.readings > readingsMax)
      return fail('QUERY_TOO_WIDE', `more than ${READINGS_MAX} readings: ask for less time`);
    if (ports.isGone()) break;
  }
  running.add(history.rest());
  running.run();
  return ok(running.end(toMs));
}

async function eventsOf(
  { telemetry }: WhatIfPorts,
  { id: subjectId, organisationId }: RegisteredSubject,
  span: Span,
): Promise<Result<ConstructorParameters<typeof StoredHistory>[0]>> {
  const asked = { organisationId, subjectId, ...span, after: FIRST_EVENTS, limit: EVENTS_MAX };
  const { events, next } = await telemetry.events(asked);
  if (next !== null)
    return fail('QUERY_TOO_WIDE', `more than ${EVENTS_MAX} events: ask for less time`);
  // The newest come first.
  return ok(
    events.toReversed().flatMap(({ kind, device, time }) => {
      const what = EVENT_KINDS.find((one) => one === kind);
      return what === undefined ? [] : [{ what, device, atMs: Date.parse(time) }];
    }),
  );
}

async function actedOn(
  { read, viewer }: WhatIfPorts,
  { id, organisationId }: RegisteredSubject,
  asked: Span,
): Promise<readonly ActedOn[]> {
  const seen = viewer.spanOf(id) ?? asked;
  const span = {
    fromMs: Math.max(seen.fromMs, asked.fromMs),
    toMs: Math.min(seen.toMs, asked.toMs),
  };
  const rows = await read(organisationId, (sql) =>
    acknowledgedWithin(sql, id, { ...span, limit: ACTED_MAX }),
  );
  return rows.map((row) => ({
    alarm: row.id.slice(0, row.id.lastIndexOf('@')),
    priority: row.priority,
    openedMs: row.opened_ms,
    endedMs: row.condition_ended_ms ?? Number.POSITIVE_INFINITY,
    actedMs: row.acknowledged_ms ?? row.raised_ms,
  }));
}
