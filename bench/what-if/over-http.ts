// The same as a clinician asks it: over HTTP, of chunks in PostgreSQL, and how long the devices wait meanwhile.
import { WhatIfAnswer, type WhatIfQuestion } from '../../packages/contract/src/what-if.ts';
import { ADULT_WARD } from '../../packages/rules/src/protocol/library.ts';
import { openGround, type Patient } from '../query/ground.ts';
import { openStage, type Stage } from '../query/stage.ts';
import { percentile } from '../query/timing.ts';
import type { Report } from '../report.ts';
import { inventedColumns, START_MS, type Stay, WALKS } from './invented.ts';

const PATIENTS = 10;
const STAY: Omit<Stay, 'seed'> = { readings: 7 * 86_400, everyMs: 1_000, spellReadings: 60 };
const SPAN = { fromMs: START_MS, toMs: START_MS + STAY.readings * STAY.everyMs };

export async function measureOverHttp(report: Report): Promise<void> {
  await using ground = await openGround();
  const metrics = WALKS.map(({ metric }) => metric);
  const patients = await ground.addPatients(PATIENTS, metrics);
  for (const [seed, { series }] of patients.entries())
    for (const [nth, { columns }] of inventedColumns({ ...STAY, seed }).entries()) {
      const own = series[nth];
      if (own !== undefined) await ground.store(own, 1, columns);
    }
  await ground.settle();
  await using stage = await openStage(ground);
  const limits = {
    before: withLines(90, 120),
    tune: [
      { rule: 'limit/spo2/low', limit: 88 },
      { rule: 'limit/heart-rate/high', limit: 130 },
    ],
  };
  const name = `${PATIENTS} patients × 7 days at 1 Hz, invented, over HTTP from PostgreSQL`;
  await measure(report, stage, { name, patients, change: limits });
  const rules = ADULT_WARD.rules.filter(({ key }) => key !== 'score/news2');
  await measure(report, stage, {
    name: 'a score, 1 patient × 7 days at 1 Hz, invented, over HTTP',
    patients: patients.slice(0, 1),
    change: { after: { ...ADULT_WARD, rules } },
  });
}

function withLines(spo2: number, heartRate: number): WhatIfQuestion['before'] {
  const lines = new Map([
    ['limit/spo2/low', spo2],
    ['limit/heart-rate/high', heartRate],
  ]);
  const rules = ADULT_WARD.rules.map((rule) => {
    const limit = lines.get(rule.key);
    return limit === undefined ? rule : { ...rule, detector: { ...rule.detector, limit } };
  });
  return { ...ADULT_WARD, rules };
}

async function measure(
  report: Report,
  stage: Stage,
  asked: {
    readonly name: string;
    readonly patients: readonly Patient[];
    readonly change: Pick<WhatIfQuestion, 'before' | 'after' | 'tune'>;
  },
): Promise<void> {
  const { name, patients, change } = asked;
  const subjects = patients.map(({ id }) => id);
  const cpuAtStart = process.cpuUsage();
  const startedAt = performance.now();
  const question = { subjects, ...SPAN, ...change };
  const bytes = await stage.ask('/api/what-if', question);
  const wall = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(cpuAtStart);
  const { shown, readings } = WhatIfAnswer.parse(JSON.parse(new TextDecoder().decode(bytes)));
  const add = (metric: string, value: number, unit: string) =>
    report.add({ bench: 'whatif', metric: `${name}: ${metric}`, value, unit });
  add('answered in', wall, 's');
  add('processor time, without PostgreSQL', (user + system) / 1e6, 's');
  add('readings read', readings, 'readings');
  add('of them shown to detectors', shown, 'readings');
  const turns = await turnsWhile(async () => await stage.ask('/api/what-if', question));
  add(
    'processor time of a turn of the event loop that is longer than 0.5 ms, p99',
    percentile(turns, 0.99),
    'ms',
  );
  add('of the longest turn', Math.max(...turns), 'ms');
}

/** By the processor's time, which no other program on the machine makes longer. */
async function turnsWhile(work: () => Promise<unknown>): Promise<number[]> {
  const turns: number[] = [];
  let isUnderWay = true;
  let before = threadMs();
  const turn = (): void => {
    const now = threadMs();
    turns.push(now - before);
    before = now;
    if (isUnderWay) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  isUnderWay = false;
  // Nearly all turns are the empty ones of whoever watches.
  return turns.filter((ms) => ms > 0.5);
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
