/**
 * The golden corpus of alarms: `tests/alarms/*.json`, written by hand. What comes in and what is told are
 * lines, so that a clinician can read a case; this reads them. Times are seconds from the case's start, or
 * "1h30m", or "d2T07:00" by the patient's own clock, two days after the day of the start.
 */
import assert from 'node:assert/strict';
import { findingOfPause, findingOfRun } from '../../packages/rules/src/detectors/rhythm.ts';
import {
  instantOf,
  localDay,
  UTC,
  type ZoneOffsets,
} from '../../packages/rules/src/detectors/zone.ts';
import { READY_PROTOCOLS } from '../../packages/rules/src/protocol/library.ts';
import type { Input, Told } from '../../packages/rules/src/protocol/monitor-input.ts';
import type { Assigned, Override, Patient } from '../../packages/rules/src/protocol/plan.ts';
import {
  type Protocol,
  parseProtocol,
  type Rule,
} from '../../packages/rules/src/protocol/protocol.ts';
import { EVENT_KINDS } from '../../packages/vitals/src/event.ts';
import { FLAG } from '../../packages/vitals/src/reading.ts';

export interface CorpusFile {
  readonly about: string;
  readonly rules?: Readonly<Record<string, Omit<Rule, 'key'>>>;
  readonly cases: readonly WrittenCase[];
}

export interface WrittenCase extends WrittenPlan {
  readonly name: string;
  /** UTC. */
  readonly start?: string;
  readonly zone?: string;
  readonly plans?: Readonly<Record<string, WrittenPlan>>;
  readonly given: readonly string[];
  readonly told: readonly string[];
  readonly why?: readonly string[];
  /** What people's acts have made of the alarms at the end. */
  readonly lives?: readonly string[];
  /** False where the receipt itself decides, so that readings cannot be sent together. */
  readonly batches?: false;
  /** The lines stand in the order of receipt, for the clock is not to be trusted in it. */
  readonly inOrder?: true;
}

interface WrittenPlan {
  readonly protocol?: string;
  /** Names of the file's own rules. */
  readonly watch?: readonly string[];
  readonly change?: Readonly<Record<string, Partial<Rule>>>;
  readonly patient?: Partial<Patient>;
  readonly overrides?: readonly WrittenOverride[];
}

type WrittenOverride = Omit<Override, 'fromMs' | 'untilMs'> & {
  readonly from: string;
  readonly until: string;
};

export type Act =
  | Input
  | { readonly kind: 'assign'; readonly assigned: Assigned; readonly receivedAtMs: number };

export interface Case {
  readonly name: string;
  readonly startMs: number;
  readonly assigned: Assigned;
  readonly acts: readonly Act[];
  readonly told: readonly ToldLine[];
  readonly whys: readonly { readonly atMs: number; readonly rule: string; readonly why: string }[];
  readonly lives: readonly string[];
  readonly isBatched: boolean;
}

export type ToldLine = Pick<Told, 'kind' | 'alarm' | 'priority' | 'sinceMs' | 'atMs'> & {
  readonly marks: readonly string[];
};

/** 2026-03-01 was a Sunday. */
const START = '2026-03-01T08:00:00Z';

const HOUR_MS = 3_600_000;
const from = (utc: string, hours: number) => ({
  fromMs: Date.parse(utc),
  offsetMs: hours * HOUR_MS,
});

/** As they are in law for 2026. */
const ZONES: Readonly<Record<string, ZoneOffsets>> = {
  utc: UTC,
  berlin: [
    from('2025-10-26T01:00:00Z', 1),
    from('2026-03-29T01:00:00Z', 2),
    from('2026-10-25T01:00:00Z', 1),
  ],
  'los-angeles': [
    from('2025-11-02T09:00:00Z', -8),
    from('2026-03-08T10:00:00Z', -7),
    from('2026-11-01T09:00:00Z', -8),
  ],
};

export function readCase(written: WrittenCase, file: CorpusFile): Case {
  const startMs = Date.parse(written.start ?? START);
  const zone = ZONES[written.zone ?? 'utc'];
  assert.ok(zone !== undefined, `no zone ${written.zone}`);
  const clock = { startMs, zone };
  const assignedOf = (plan: WrittenPlan) => readPlan(plan, { ...clock, file });
  const acts = written.given.flatMap((line) =>
    readLine(line, { ...clock, assignedOf, plans: written.plans ?? {} }),
  );
  return {
    name: written.name,
    startMs,
    assigned: assignedOf(written),
    acts: written.inOrder
      ? acts
      : acts.toSorted((one, other) => one.receivedAtMs - other.receivedAtMs),
    told: written.told.map((line) => readTold(line, clock)),
    whys: (written.why ?? []).map((line) => {
      const [at = '', rule = '', why = ''] = line.split(' ');
      return { atMs: instant(at, clock), rule, why };
    }),
    lives: written.lives ?? [],
    isBatched: written.batches !== false && written.inOrder === undefined,
  };
}

interface CaseClock {
  readonly startMs: number;
  readonly zone: ZoneOffsets;
}

function readPlan(
  written: WrittenPlan,
  { startMs, zone, file }: CaseClock & { readonly file: CorpusFile },
): Assigned {
  const ready = READY_PROTOCOLS.find(({ key }) => key === written.protocol);
  const own = {
    key: 'own',
    version: 1,
    categories: ['adult', 'child'],
    rules: ownRules(written, file),
  };
  const parsed = parseProtocol(ready ?? own);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.problems.join('; '));
  const protocol: Protocol = parsed.protocol;
  const patient: Patient = { category: 'adult', spo2Scale: 1, zone, ...written.patient };
  const overrides = (written.overrides ?? []).map(({ from: begins, until, ...override }) => ({
    ...override,
    fromMs: instant(begins, { startMs, zone }),
    untilMs: instant(until, { startMs, zone }),
  }));
  return { protocol, patient, overrides };
}

function ownRules({ watch = [], change = {} }: WrittenPlan, file: CorpusFile): unknown[] {
  return watch.map((key) => {
    const rule = file.rules?.[key];
    assert.ok(rule !== undefined, `the file has no rule ${key}`);
    const { detector = {}, ...other } = change[key] ?? {};
    return { key, ...rule, ...other, detector: { ...rule.detector, ...detector } };
  });
}

interface LineContext extends CaseClock {
  readonly plans: Readonly<Record<string, WrittenPlan>>;
  readonly assignedOf: (plan: WrittenPlan) => Assigned;
}

/** "10..15 heart-rate 140 @monitor recv=60 questionable" */
function readLine(line: string, context: LineContext): Act[] {
  const [when = '', what = '', ...words] = line.split(' ');
  const [range = '', every = '1'] = when.split('/');
  const [first = '', last = first] = range.split('..');
  const [firstMs, lastMs] = [instant(first, context), instant(last, context)];
  const stepMs = durationMs(every);
  const acts: Act[] = [];
  for (let atMs = firstMs; atMs <= lastMs; atMs += stepMs)
    acts.push(readAct(what, words, { ...context, atMs }));
  return acts;
}

function readAct(
  what: string,
  words: string[],
  context: LineContext & { readonly atMs: number },
): Act {
  const { atMs } = context;
  const device = words.find((word) => word.startsWith('@'))?.slice(1) ?? 'device';
  const received = words.find((word) => word.startsWith('recv='))?.slice('recv='.length);
  const receivedAtMs = received === undefined ? atMs : instant(received, context);
  const placed = { device, atMs, receivedAtMs };
  const [first = '', second = ''] = words;
  const isDoubted = words.includes('questionable') ? { isDoubted: true as const } : {};
  const phase = (['begins', 'ends'] as const).find((one) => words.includes(one));
  switch (what) {
    case 'clock':
      return { kind: 'clock', receivedAtMs };
    case 'answer':
      return { kind: 'answer', alarm: first, receivedAtMs };
    case 'connection':
      return { kind: 'connection', isConnected: first === 'on', ...placed };
    case 'plan': {
      const plan = context.plans[first];
      assert.ok(plan !== undefined, `no plan ${first}`);
      return { kind: 'assign', assigned: context.assignedOf(plan), receivedAtMs };
    }
    case 'event': {
      const kind = EVENT_KINDS.find((one) => one === first);
      assert.ok(kind !== undefined, `no event ${first}`);
      return { kind: 'event', what: kind, ...placed };
    }
    case 'fibrillation':
      return { kind: 'event', what: 'ventricular-fibrillation', phase, ...placed, ...isDoubted };
    case 'pause':
    case 'run': {
      const finding =
        what === 'pause'
          ? findingOfPause(Number(first))
          : findingOfRun({ beats: Number(first), perMinute: Number(second) });
      if (finding === undefined) return { kind: 'clock', receivedAtMs };
      return { kind: 'event', what: finding, ...placed, ...isDoubted };
    }
    default: {
      const value = Number(first);
      assert.ok(Number.isFinite(value), `no value in "${what} ${words.join(' ')}"`);
      return { kind: 'reading', metric: what, value, flags: flagsOf(words), ...placed };
    }
  }
}

function flagsOf(words: readonly string[]): number {
  const flags = {
    above: FLAG.ABOVE,
    below: FLAG.BELOW,
    implausible: FLAG.IMPLAUSIBLE,
    questionable: FLAG.QUESTIONABLE,
  };
  return Object.entries(flags).reduce(
    (sum, [word, flag]) => sum | (words.includes(word) ? flag : 0),
    0,
  );
}

/** "10 raised limit/spo2/low high since 0 shadow" */
function readTold(line: string, clock: CaseClock): ToldLine {
  const [at = '', kind = '', alarm = '', priority = '', , since = '', ...marks] = line.split(' ');
  const kinds = ['raised', 'risen', 'ended', 'passed'] as const;
  const priorities = ['low', 'medium', 'high'] as const;
  const known = kinds.find((one) => one === kind);
  const urgent = priorities.find((one) => one === priority);
  assert.ok(known !== undefined && urgent !== undefined, `cannot read "${line}"`);
  const [atMs, sinceMs] = [instant(at, clock), instant(since, clock)];
  return { kind: known, alarm, priority: urgent, sinceMs, atMs, marks };
}

function instant(text: string, { startMs, zone }: CaseClock): number {
  const local = /^d(-?\d+)T(\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?$/.exec(text);
  if (local === null) return startMs + durationMs(text);
  const [, days, hours, minutes, seconds = '0'] = local;
  const day = localDay(zone, startMs) + Number(days);
  const minute = Number(hours) * 60 + Number(minutes);
  return instantOf(zone, { day, minute }) + Math.round(Number(seconds) * 1_000);
}

const UNITS_MS: Readonly<Record<string, number>> = {
  '': 1_000,
  s: 1_000,
  m: 60_000,
  h: HOUR_MS,
  d: 24 * HOUR_MS,
};

function durationMs(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([smhd]?)/g)];
  assert.ok(parts.length > 0, `no time in "${text}"`);
  const sum = parts.reduce(
    (all, [, count, unit = '']) => all + Number(count) * (UNITS_MS[unit] ?? 0),
    0,
  );
  return sign * Math.round(sum);
}
