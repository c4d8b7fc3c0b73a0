/** telemetry/trend-store.ts, as statements of the simulated database. */
import type * as real from '../../apps/server/src/telemetry/trend-store.ts';
import { ask } from './memory-database.ts';
import type { Tables } from './tables.ts';

function chunksOf(tables: Tables, { subjectId, seriesId }: real.StampQuestion) {
  return [...tables.chunksOf(seriesId)]
    .filter((row) => row.subject_id === subjectId)
    .sort((a, b) => a.first_ms - b.first_ms || a.generation - b.generation);
}

export const trendTwin = {
  chunkSpans: (sql, question, limit) =>
    ask(sql, 'read chunk spans', (tables) => ({
      result: chunksOf(tables, question)
        .filter((row) => row.first_ms < question.toMs && row.last_ms >= question.fromMs)
        .slice(0, limit)
        .map(({ generation, first_ms, last_ms, count }) => ({
          ...{ generation, first_ms, last_ms, count },
        })),
    })),

  summariesBetween: (sql, question) =>
    ask(sql, 'read summaries', (tables) => ({
      result: chunksOf(tables, question).flatMap(({ generation, first_ms, summary }) =>
        summary !== undefined && first_ms >= question.fromMs && first_ms <= question.toMs
          ? [{ generation, first_ms, summary }]
          : [],
      ),
    })),
} satisfies Partial<typeof real>;
