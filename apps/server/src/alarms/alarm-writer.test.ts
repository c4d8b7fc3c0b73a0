/** What the database refuses must not keep the other alarms from being written; what it cannot take now waits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshDatabase } from '../../../../tests/support/database.ts';
import { NOON, ORGANISATION, subjectId } from '../../../../tests/support/line.ts';
import type { Sql } from '../database/pool.ts';
import { AlarmWriter } from './alarm-writer.ts';
import { type AlarmRow, readAlarms } from './store.ts';

const rowOf = (id: string, metric = 'spo2'): AlarmRow => ({
  organisation_id: ORGANISATION,
  subject_id: subjectId(1),
  id,
  rule_key: 'limit/spo2/low',
  metric,
  priority: 'medium',
  condition: 'present',
  episode: 'raised',
  opened_ms: NOON,
  raised_ms: NOON,
  condition_ended_ms: null,
  acknowledged_ms: null,
  acknowledged_by: null,
  resolved_ms: null,
  detail_sealed: null,
});

const raised = (id: string) => ({ what: 'raised', cause: `raised ${id}`, atMs: NOON });

function openWriter(sql: Sql): { writer: AlarmWriter; problems: string[] } {
  const problems: string[] = [];
  const writer = new AlarmWriter({
    sql,
    after: (_, run) => void setImmediate(run),
    onProblem: (what) => problems.push(what),
  });
  return { writer, problems };
}

const NO_METRIC = '';

test('a row that the database refuses is left out; those beside and after it are written', async () => {
  await using database = await freshDatabase();
  const { writer, problems } = openWriter(database.line);
  for (const [id, metric] of [['a'], ['b', NO_METRIC], ['c']] as const) {
    writer.write(rowOf(id, metric), raised(id));
  }
  await writer.settle();
  writer.write(rowOf('d'), raised('d'));
  await writer.settle();
  const written = (await readAlarms(database.line, 0)).map(({ id }) => id);
  assert.deepEqual(written.sort(), ['a', 'c', 'd']);
  assert.ok(problems.length > 0, 'it is told');
});

test('while the store is away nothing is left out', async () => {
  await using database = await freshDatabase();
  let isAway = true;
  const sql = new Proxy(database.line, {
    get(target, name) {
      if (name !== 'begin' || !isAway) return Reflect.get(target, name) as unknown;
      isAway = false;
      return () => Promise.reject(Object.assign(new Error('away'), { code: 'ECONNREFUSED' }));
    },
  });
  const { writer, problems } = openWriter(sql);
  for (const id of ['a', 'b']) writer.write(rowOf(id), raised(id));
  await writer.settle();
  const written = (await readAlarms(database.line, 0)).map(({ id }) => id);
  assert.deepEqual(written.sort(), ['a', 'b']);
  assert.deepEqual(problems, ['write alarms']);
});
