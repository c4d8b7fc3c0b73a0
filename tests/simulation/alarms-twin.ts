/** alarms/store.ts, as statements of the simulated database. */
import type * as real from '../../apps/server/src/alarms/store.ts';
import { ask } from './memory-database.ts';

function merged(known: real.AlarmRow, row: real.AlarmRow): real.AlarmRow {
  const isNewer = row.calls > known.calls;
  const isAnswered = known.episode === 'acknowledged' && row.episode === 'raised';
  const episode = known.episode === 'resolved' || isAnswered ? known.episode : row.episode;
  return {
    ...known,
    priority: isNewer ? row.priority : known.priority,
    condition: row.condition,
    condition_ended_ms: row.condition_ended_ms,
    episode: isNewer ? row.episode : episode,
    acknowledged_ms: isNewer ? row.acknowledged_ms : later(known, row),
    acknowledged_by:
      isNewer || (row.acknowledged_ms ?? 0) > (known.acknowledged_ms ?? 0)
        ? row.acknowledged_by
        : (known.acknowledged_by ?? row.acknowledged_by),
    resolved_ms: known.resolved_ms ?? row.resolved_ms,
    calls: Math.max(known.calls, row.calls),
    detail_sealed: row.detail_sealed,
  };
}

function later(one: real.AlarmRow, other: real.AlarmRow): number | null {
  const times = [one, other].flatMap(({ acknowledged_ms: atMs }) => atMs ?? []);
  return times.length === 0 ? null : Math.max(...times);
}

export const alarmsTwin = {
  writeAlarms: (sql, rows) =>
    ask(sql, 'write alarms', () => ({
      result: undefined,
      write: ({ alarms }) => {
        for (const row of rows) {
          const key = `${row.subject_id}/${row.id}`;
          const known = alarms.get(key);
          alarms.set(key, known === undefined ? row : merged(known, row));
        }
      },
    })),

  writeTransitions: (sql, rows) =>
    ask(sql, 'write transitions', () => ({
      result: undefined,
      write: ({ transitions }) => {
        for (const row of rows) {
          const key = `${row.subject_id}/${row.alarm_id}/${row.cause}`;
          if (!transitions.has(key)) transitions.set(key, row);
        }
      },
    })),

  readAlarms: (sql, sinceMs) =>
    ask(sql, 'read alarms', ({ alarms }) => ({
      result: [...alarms.values()].filter(
        (row) =>
          row.episode !== 'resolved' || row.condition !== 'absent' || row.raised_ms >= sinceMs,
      ),
    })),

  alarmsOpenedWithin: (sql, { subjectId, fromMs, untilMs }, { after, limit }) =>
    ask(sql, 'read alarms of a span', ({ alarms }) => ({
      result: [...alarms.values()]
        .filter((row) => row.subject_id === subjectId && row.id > after)
        .filter(({ opened_ms: atMs }) => atMs >= fromMs && atMs < untilMs)
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit),
    })),

  readReturns: (sql, sinceMs) =>
    ask(sql, 'read returns', ({ transitions }) => ({
      result: [...transitions.values()]
        .filter(({ what, at_ms }) => /^(returned|passed)@/.test(what) && at_ms >= sinceMs)
        .sort((a, b) => a.at_ms - b.at_ms)
        .map(({ subject_id, alarm_id, what }) => ({ subject_id, alarm_id, what })),
    })),
} satisfies Partial<typeof real>;
