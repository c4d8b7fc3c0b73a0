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
import type { Steps } from '@ausculta/rules/whatif/steps';
import { type WhatIf, whatIf } from '@ausculta/rules/whatif/what-if';
import { EVENT_KINDS } from '@ausculta/vitals/event';
import { type Fault, fail, ok, type Result } from '@ausculta/vitals/fault';
import type { Metric } from '@ausculta/vitals/metric';
import type { Viewer } from '../access/viewer.ts';
import type { ReadAs } from '../database/readers.ts';
import type { RegisteredSubject, Registry } from '../devices/registry.ts';
import { FIRST_EVENTS } from '../telemetry/events.ts';
import type { Span } from '../telemetry/merge.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { AskedPlans } from './asked-plans.ts';
import { MOST, NOTHING_SPENT, type Spent, spentWith, tooWide } from './budget.ts';
import { acknowledgedWithin } from './store.ts';
import { StoredHistory } from './stored-history.ts';

const EVENTS_MAX = 10_000;
/** Readings times rules: some 10 ms of the slowest detectors, trends; then the devices get their turn. */
const WORK_AT_ONCE = 256;

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
  let spent = NOTHING_SPENT;
  for (const subject of asked.subjects) {
    await ports.pause();
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
    const own = { subject, difference, metrics, unreadable, spent };
    const replayed = await replay(ports, asked, own);
    if (!replayed.ok) return replayed;
    const acted = await actedOn(ports, subject, asked);
    spent = spentWith(replayed.value.spent, { ...NOTHING_SPENT, acted: acted.length });
    const fault = tooWide(spent);
    if (fault !== undefined) return { ok: false, fault };
    const span = { fromMs: asked.fromMs, untilMs: asked.toMs, zone: asked.zone };
    const steps = whatIf(replayed.value, { difference, acted, ...span });
    found.push({ ...(await inTurns(steps, ports.pause)), subjectId: subject.id });
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
  /** On those before. */
  readonly spent: Spent;
}

async function replay(
  ports: WhatIfPorts,
  { fromMs, toMs }: Span,
  { subject, difference, metrics, unreadable, spent }: Own,
): Promise<Result<Replayed & { readonly spent: Spent }>> {
  const startMs = fromMs - leadInMs(difference);
  const span = { fromMs: startMs, toMs };
  const events = asksEvents(difference) ? await eventsOf(ports, subject, span) : ok([]);
  if (!events.ok) return events;
  const history = new StoredHistory(events.value);
  const running = new Replay(difference, startMs);
  const spentNow = (): Spent => {
    const { readings, work, told } = running;
    return spentWith(spent, { readings, work, told, acted: 0 });
  };
  const wide = { subjectId: subject.id, metrics: metrics.map(({ key }) => key), ...span };
  for await (const ranges of ports.telemetry.windows({ ...wide, newestFirst: false, unreadable })) {
    for (const piece of history.pieces(ranges)) {
      running.add(piece);
      const fault = await judged(ports, running, spentNow);
      if (fault !== undefined) return { ok: false, fault };
    }
    if (ports.isGone()) break;
  }
  running.add(history.rest());
  const fault = await judged(ports, running, spentNow);
  if (fault !== undefined) return { ok: false, fault };
  return ok({ ...running.end(toMs), spent: spentNow() });
}

/** Of what was added everything, or until it is too much. */
async function judged(
  { pause }: Pick<WhatIfPorts, 'pause'>,
  running: Replay,
  spent: () => Spent,
): Promise<Fault | undefined> {
  for (let isDone = false; !isDone; ) {
    isDone = running.run(WORK_AT_ONCE);
    const fault = tooWide(spent());
    if (fault !== undefined) return fault;
    await pause();
  }
  return undefined;
}

async function inTurns<T>(steps: Steps<T>, pause: WhatIfPorts['pause']): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await pause();
  }
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
    // One more than there may be, or those beyond would be left out in silence.
    acknowledgedWithin(sql, id, { ...span, limit: MOST.acted + 1 }),
  );
  return rows.map((row) => ({
    alarm: row.id.slice(0, row.id.lastIndexOf('@')),
    priority: row.priority,
    openedMs: row.opened_ms,
    endedMs: row.condition_ended_ms ?? Number.POSITIVE_INFINITY,
    actedMs: row.acknowledged_ms ?? row.raised_ms,
  }));
}
