// What a screen draws of a long time: a year of heart rates at 1 Hz, a day of an ECG at 360 Hz.
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { median } from '../median.ts';
import { PIECE_READINGS } from './ground.ts';
import { inventedHeartRate } from './invented.ts';
import { makePlainTable, type PlainTable } from './plain-table.ts';
import type { Section } from './section.ts';
import type { Stage } from './stage.ts';
import { elapsedMs, p95Ms } from './timing.ts';

const POINTS = 2_000;
const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
const YEAR = 365 * 86_400;
const RATE_HZ = 360;
const RUN_SECONDS = 1_800;
const ASKS = 20;
/** It takes seconds. */
const PLAIN_ASKS = 3;
const START_MS = Date.UTC(2025, 0, 1);

export const DRAWN: Section = {
  async prepare(ground) {
    const plain = await makePlainTable(ground.pools.line, 'plain_drawn');
    const [patient] = await ground.addPatients(1, ['heart-rate', 'ecg-ii']);
    const [rate, lead] = patient?.series ?? [];
    if (patient === undefined || rate === undefined || lead === undefined)
      throw new Error('there is no patient');
    // A piece is invented, stored and forgotten before the next one.
    for (let at = 0; at < YEAR; at += PIECE_READINGS) {
      const fromMs = START_MS + at * SECOND_MS;
      const count = Math.min(PIECE_READINGS, YEAR - at);
      await ground.store(
        rate,
        1,
        inventedHeartRate({ fromMs, count, everyMs: SECOND_MS, seed: at }),
      );
    }
    for (let second = 0; second < DAY_MS / SECOND_MS; second += RUN_SECONDS)
      await ground.storeRun(lead, 1, inventedEcg(second));
    await plain.add({ series: rate.id, fromMs: START_MS, count: YEAR, everyMs: SECOND_MS });
    const line = { bench: 'query', unit: 'ms' } as const;
    const ask = (stage: Stage, metric: string, toMs: number) =>
      drawn(stage, `/api/subjects/${patient.id}/trend?metrics=${metric}&to=${toMs}`);
    return async (stage, report) => {
      const plainly = () => drawnPlainly(stage, plain, rate.id);
      const baseline = median(
        [await plainly(), await plainly(), await plainly()].slice(0, PLAIN_ASKS),
      );
      const yearEndMs = START_MS + YEAR * SECOND_MS;
      report.add({
        ...line,
        metric: `a year at 1 Hz (${YEAR} readings) drawn at ${POINTS} px over HTTP, p95`,
        value: await p95Ms(ASKS, () => ask(stage, 'heart-rate', yearEndMs)),
        target: { bound: 'atMost', value: 100 },
        baseline,
      });
      report.add({
        ...line,
        metric: `a day of ECG at ${RATE_HZ} Hz drawn at ${POINTS} px over HTTP, p95 (beside it as many plain rows)`,
        value: await p95Ms(ASKS, () => ask(stage, 'ecg-ii', START_MS + DAY_MS)),
        target: { bound: 'atMost', value: 300 },
        baseline,
      });
    };
  },
};

async function drawn(stage: Stage, path: string): Promise<void> {
  const text = new TextDecoder().decode(
    await stage.ask(`${path}&from=${START_MS}&points=${POINTS}`),
  );
  const { lanes } = JSON.parse(text) as { lanes: { timesMs: number[] }[] };
  const bands = lanes[0]?.timesMs.length ?? 0;
  if (bands < POINTS / 2 || bands > POINTS) throw new Error(`${bands} bands came`);
}

function drawnPlainly({ ground }: Stage, { name }: PlainTable, series: number): Promise<number> {
  const { line } = ground.pools;
  const bandMs = Math.ceil((YEAR * SECOND_MS) / POINTS);
  return elapsedMs(() =>
    line.begin(async (tx) => {
      await tx`SET LOCAL statement_timeout = 0`;
      await tx`
        SELECT (time_ms - ${START_MS}::bigint) / ${bandMs}::bigint AS band, min(value), max(value), avg(value)
        FROM ${tx(name)} WHERE series = ${series} GROUP BY band ORDER BY band`;
    }),
  );
}

/** Beats of nobody's heart, with noise. */
function inventedEcg(fromSecond: number): WaveformRun {
  let state = (fromSecond * 48_271 + 1) >>> 0;
  const samples = Int32Array.from({ length: RUN_SECONDS * RATE_HZ }, (_, i) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const phase = (i % 300) / 300;
    const beat =
      250 * Math.exp(-((phase - 0.3) ** 2) / 0.0004) + 40 * Math.exp(-((phase - 0.6) ** 2) / 0.004);
    return Math.round(1_024 + beat + 8 * (state / 2 ** 32 - 0.5));
  });
  return {
    metric: 'ecg-ii',
    startMs: START_MS + fromSecond * SECOND_MS,
    rate: { numerator: RATE_HZ, denominator: 1 },
    samples,
    gain: 200,
    zero: 1_024,
    flags: 0,
  };
}
