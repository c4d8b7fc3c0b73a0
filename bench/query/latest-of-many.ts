// The last reading of six vitals of ten thousand patients: a region's wall of numbers.

import { metricOf } from '@ausculta/vitals/lookup';
import { median } from '../median.ts';
import { inventedHeartRate } from './invented.ts';
import type { Section } from './section.ts';
import { elapsedMs, ROUNDS } from './timing.ts';

const PATIENTS = 10_000;
const METRICS = [
  'heart-rate',
  'spo2',
  'resp-rate',
  'body-temperature',
  'nibp-systolic',
  'nibp-diastolic',
];
/** In the plain table; a query that reads them all would show it. */
const READINGS_EACH = 20;
const EVERY_MS = 60_000;

export const LATEST_OF_MANY: Section = {
  async prepare(ground) {
    for (const key of METRICS) metricOf(key);
    const { line } = ground.pools;
    const patients = await ground.addPatients(PATIENTS, METRICS);
    const fromMs = Date.now() - READINGS_EACH * EVERY_MS;
    await line`
      CREATE TABLE plain_latest (
        series bigint NOT NULL, time_ms bigint NOT NULL, value double precision NOT NULL,
        PRIMARY KEY (series, time_ms))`;
    await line`
      INSERT INTO plain_latest
      SELECT series.id, ${fromMs}::bigint + i * ${EVERY_MS}::bigint, 60 + i
      FROM generate_series(0, ${READINGS_EACH - 1}) AS i
      JOIN series ON series.metric = ANY (${METRICS})
      ORDER BY i, series.id`;
    return async ({ ask, registry, telemetry }, report) => {
      for (const [seed, patient] of patients.entries()) {
        const readings = inventedHeartRate({ fromMs, count: 2, everyMs: EVERY_MS, seed });
        for (const { id } of patient.series) {
          const series = registry.seriesById(id);
          if (series === undefined) throw new Error('a series is missing');
          const [stampMs = 0, value = 0] = [readings.stampsMs[1], readings.values[1]];
          telemetry.heads.insertReading(series, { stampMs, value, flags: 0 }, 0);
        }
      }
      const subjects = patients.map(({ id }) => id);
      const times: number[] = [];
      const plainly: number[] = [];
      for (let round = 0; round <= ROUNDS; round += 1) {
        const ms = await elapsedMs(async () => {
          const bytes = await ask('/api/latest', { metrics: METRICS, subjects });
          if (bytes.length < PATIENTS * METRICS.length * 10) throw new Error('too few came');
        });
        const plainMs = await elapsedMs(async () => {
          const rows = await line`
            SELECT series.subject_id, series.metric, newest.time_ms, newest.value
            FROM series CROSS JOIN LATERAL (
              SELECT time_ms, value FROM plain_latest
              WHERE plain_latest.series = series.id ORDER BY time_ms DESC LIMIT 1) AS newest
            WHERE series.subject_id = ANY (${subjects}::uuid[]) AND series.metric = ANY (${METRICS})`;
          if (rows.length !== PATIENTS * METRICS.length) throw new Error('too few rows came');
        });
        if (round === 0) continue;
        times.push(ms);
        plainly.push(plainMs);
      }
      report.add({
        bench: 'query',
        metric: 'latest of 6 metrics of 10,000 subjects over HTTP',
        value: median(times),
        unit: 'ms',
        target: { bound: 'atMost', value: 200 },
        baseline: median(plainly),
      });
    };
  },
};
