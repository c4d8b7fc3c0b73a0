// The last hundred readings of one vital, as a page asks for them.
import { inventedHeartRate } from './invented.ts';
import { makePlainTable } from './plain-table.ts';
import type { Section } from './section.ts';
import { p95Ms } from './timing.ts';

const PATIENTS = 10;
const DAYS = 2;
const ASKS = 500;
const SECOND_MS = 1000;
const COUNT = DAYS * 86_400;

export const LAST_HUNDRED: Section = {
  async prepare(ground) {
    const plain = await makePlainTable(ground.pools.line, 'plain_last_hundred');
    const patients = await ground.addPatients(PATIENTS, ['heart-rate']);
    const fromMs = Date.now() - COUNT * SECOND_MS;
    for (const [seed, { series }] of patients.entries()) {
      const [rate] = series;
      if (rate === undefined) continue;
      const columns = inventedHeartRate({ fromMs, count: COUNT, everyMs: SECOND_MS, seed });
      await ground.store(rate, 1, columns);
      await plain.add({ series: rate.id, fromMs, count: COUNT, everyMs: SECOND_MS });
    }
    return async (stage, report) => {
      const of = (i: number) => patients[i % PATIENTS];
      const value = await p95Ms(ASKS, async (i) => {
        const id = of(i)?.id;
        const path = `/api/subjects/${id}/readings?metric=heart-rate&limit=100&order=newest`;
        const lines = new TextDecoder().decode(await stage.ask(path)).split('\n').length - 1;
        if (lines !== 100) throw new Error(`${lines} readings came, not 100`);
      });
      const { line } = ground.pools;
      const baseline = await p95Ms(ASKS, async (i) => {
        await line`
          SELECT time_ms, value FROM ${line(plain.name)}
          WHERE series = ${of(i)?.series[0]?.id ?? 0} ORDER BY time_ms DESC LIMIT 100`;
      });
      report.add({
        bench: 'query',
        metric: `last 100 of ${COUNT} readings over HTTP, p95`,
        value,
        unit: 'ms',
        target: { bound: 'atMost', value: 5 },
        baseline,
      });
    };
  },
};
