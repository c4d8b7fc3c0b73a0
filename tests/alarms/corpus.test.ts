/**
 * Every case of the golden corpus, three ways: as it comes; with the detectors written to JSON and read
 * again before every input; and with readings sent several at a time.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  type AlarmLife,
  afterEvent,
  afterRise,
  isOwed,
  raise,
} from '../../packages/rules/src/alarm-life.ts';
import { Monitor } from '../../packages/rules/src/protocol/monitor.ts';
import type { Input, Told } from '../../packages/rules/src/protocol/monitor-input.ts';
import { type Assigned, planAt } from '../../packages/rules/src/protocol/plan.ts';
import {
  type Act,
  type Case,
  type CorpusFile,
  readCase,
  type ToldLine,
} from '../support/alarm-corpus.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

const files = globSync(`${FOLDER}*.json`).sort();
let cases = 0;

for (const path of files) {
  const file: CorpusFile = JSON.parse(readFileSync(path, 'utf8'));
  for (const written of file.cases) {
    cases += 1;
    const one = readCase(written, file);
    test(`${basename(path, '.json')}: ${one.name}`, () => {
      const straight = run(one, one.acts, false);
      assert.deepEqual(straight.map(lineOf), one.told);
      assert.deepEqual(run(one, one.acts, true), straight, 'with a restart before every input');
      if (one.isBatched) {
        const batched = run(one, inBatches(one.acts), false);
        assert.deepEqual(batched.map(withoutReceipt), straight.map(withoutReceipt), 'in batches');
      }
      for (const { atMs, rule, why } of one.whys)
        assert.ok(whysAt(one, rule, atMs).includes(why), `${rule}: ${whysAt(one, rule, atMs)}`);
      assert.deepEqual(
        livesOf(one, straight),
        one.lives.length === 0 ? livesOf(one, straight) : one.lives,
      );
    });
  }
}

test('the corpus has at least 120 cases, each with a name of its own', () => {
  const names = files.flatMap((path) => {
    const file: CorpusFile = JSON.parse(readFileSync(path, 'utf8'));
    return file.cases.map(({ name }) => name);
  });
  assert.ok(cases >= 120, `${cases} cases`);
  assert.equal(new Set(names).size, names.length);
});

/** A monitor whose plan follows its overrides as they begin and end. */
class Runner {
  monitor: Monitor;
  assigned: Assigned;
  changesAtMs: number;

  constructor({ assigned, startMs }: Case) {
    const plan = planAt(assigned, startMs);
    this.assigned = assigned;
    this.monitor = new Monitor(plan, startMs);
    this.changesAtMs = plan.changesAtMs ?? Number.POSITIVE_INFINITY;
  }

  take(act: Act): readonly Told[] {
    const told: Told[] = [];
    while (this.changesAtMs <= act.receivedAtMs) told.push(...this.#follow(this.changesAtMs));
    if (act.kind !== 'assign') return [...told, ...this.monitor.take(act)];
    this.assigned = act.assigned;
    return [...told, ...this.#follow(act.receivedAtMs)];
  }

  restart(): void {
    const { heldMs, ...kept } = this.monitor.snapshot();
    const snapshot = JSON.parse(JSON.stringify({ heldMs, ...kept }));
    this.monitor = Monitor.restore(planAt(this.assigned, heldMs), snapshot);
  }

  #follow(nowMs: number): readonly Told[] {
    const plan = planAt(this.assigned, nowMs);
    this.changesAtMs = plan.changesAtMs ?? Number.POSITIVE_INFINITY;
    return this.monitor.take({ kind: 'plan', plan, receivedAtMs: nowMs });
  }
}

function run(one: Case, acts: readonly Act[], isRestarted: boolean): Told[] {
  const runner = new Runner(one);
  return acts.flatMap((act) => {
    if (isRestarted) runner.restart();
    return runner.take(act);
  });
}

const BATCH = 3;

/** So many readings of a kind are received with the last of them. */
function inBatches(acts: readonly Act[]): Act[] {
  const isPlain = (act: Act): boolean => act.kind === 'reading' && act.atMs === act.receivedAtMs;
  const batched: Act[] = [];
  for (let first = 0; first < acts.length; ) {
    const batch = acts.slice(first, first + BATCH);
    const length = batch.every(isPlain) ? batch.length : 1;
    const receivedAtMs = batch[length - 1]?.receivedAtMs ?? 0;
    batched.push(...batch.slice(0, length).map((act) => ({ ...act, receivedAtMs })));
    first += length;
  }
  return batched;
}

function lineOf(told: Told): ToldLine {
  const { kind, alarm, priority, sinceMs, atMs, isShadow, isDoubted, because } = told;
  const marks = [isShadow && 'shadow', isDoubted && 'doubted', because].filter(
    (mark) => typeof mark === 'string',
  );
  return { kind, alarm, priority, sinceMs, atMs, marks };
}

function withoutReceipt(told: Told): Omit<ToldLine, 'atMs'> {
  const { atMs: _, ...line } = lineOf(told);
  return line;
}

function whysAt(one: Case, rule: string, atMs: number): string[] {
  const runner = new Runner(one);
  for (const act of one.acts) if (act.receivedAtMs <= atMs) runner.take(act);
  runner.take({ kind: 'clock', receivedAtMs: atMs } satisfies Input);
  return runner.monitor.explain(rule, atMs).map(({ why }) => why);
}

/** What findings and people's answers have made of each alarm at the end, in the order of its name. */
function livesOf(one: Case, told: readonly Told[]): string[] {
  const lives = new Map<string, AlarmLife>();
  const answers = one.acts.filter((act) => act.kind === 'answer');
  const all = [...told, ...answers].toSorted((a, b) => timeOf(a) - timeOf(b));
  for (const each of all) {
    const life = lives.get(each.alarm);
    if (each.kind === 'answer') {
      if (life !== undefined) lives.set(each.alarm, afterEvent(life, 'acknowledged'));
    } else lives.set(each.alarm, afterTold(life, each));
  }
  return [...lives]
    .map(
      ([alarm, { episode, condition, priority }]) => `${alarm} ${episode} ${condition} ${priority}`,
    )
    .sort();
}

function timeOf(each: Told | Extract<Act, { kind: 'answer' }>): number {
  return each.kind === 'answer' ? each.receivedAtMs : each.atMs;
}

function afterTold(life: AlarmLife | undefined, { kind, priority }: Told): AlarmLife {
  const owed = life !== undefined && isOwed(life) ? life : undefined;
  switch (kind) {
    case 'raised':
      return owed === undefined
        ? raise(priority)
        : afterRise(afterEvent(owed, 'condition-returned'), priority);
    case 'passed':
      return owed ?? afterEvent(raise(priority), 'condition-ended');
    case 'risen':
      return afterRise(life ?? raise(priority), priority);
    case 'ended':
      return afterEvent(life ?? raise(priority), 'condition-ended');
    default:
      return kind satisfies never;
  }
}
