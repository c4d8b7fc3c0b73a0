// Everything of one series, through all layers that stand between the disk and a sum.
import { median } from '../median.ts';
import { inventedHeartRate } from './invented.ts';
import { makePlainTable } from './plain-table.ts';
import type { Section } from './section.ts';
import { elapsedMs, ROUNDS } from './timing.ts';

const COUNT = 5_000_000;
const SECOND_MS = 1000;

export const FULL_SCAN: Section = {
  async prepare(ground) {
    const plain = await makePlainTable(ground.pools.line, 'plain_full_scan');
    const [patient] = await ground.addPatients(1, ['heart-rate']);
    const rate = patient?.series[0];
    if (patient === undefined || rate === undefined) throw new Error('there is no patient');
    const fromMs = Date.now() - COUNT * SECOND_MS;
    const columns = inventedHeartRate({ fromMs, count: COUNT, everyMs: SECOND_MS, seed: 1 });
    await ground.store(rate, 1, columns);
    await plain.add({ series: rate.id, fromMs, count: COUNT, everyMs: SECOND_MS });
    const expected = columns.values.reduce((sum, value) => sum + value, 0);
    return async ({ telemetry }, report) => {
      const span = { fromMs, toMs: fromMs + COUNT * SECOND_MS };
      const question = { subjectId: patient.id, metrics: ['heart-rate'], ...span };
      const scans: number[] = [];
      const cores: number[] = [];
      for (let round = 0; round <= ROUNDS; round += 1) {
        const before = process.cpuUsage();
        const ms = await elapsedMs(async () => {
          let sum = 0;
          let count = 0;
          for await (const ranges of telemetry.windows({
            ...question,
            newestFirst: false,
            unreadable: [],
          })) {
            for (const { values } of ranges) {
              count += values.length;
              for (let i = 0; i < values.length; i += 1) sum += values[i] as number;
            }
          }
          if (count !== COUNT || sum !== expected) throw new Error(`${count} readings, sum ${sum}`);
        });
        if (round === 0) continue;
        const used = process.cpuUsage(before);
        scans.push(COUNT / ms / 1000);
        cores.push(COUNT / (used.user + used.system));
      }
      const { line } = ground.pools;
      const plainly: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const ms = await elapsedMs(() =>
          line.begin(async (tx) => {
            await tx`SET LOCAL max_parallel_workers_per_gather = 0`;
            await tx`SELECT count(*), sum(value) FROM ${tx(plain.name)} WHERE series = ${rate.id}`;
          }),
        );
        plainly.push(COUNT / ms / 1000);
      }
      const line0 = { bench: 'query', unit: 'million readings/s' } as const;
      report.add({
        ...line0,
        metric: 'full scan of 5 million stored readings, of one core',
        value: median(cores),
        target: { bound: 'atLeast', value: 50 },
        baseline: median(plainly),
      });
      report.add({ ...line0, metric: 'the same by the clock', value: median(scans) });
    };
  },
};
