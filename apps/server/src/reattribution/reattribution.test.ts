/** An order that is interrupted on its way: what has been done is not done again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keys, OTHER, openWard, SUBJECT } from '../../../../tests/support/archive.ts';
import { freshDatabase } from '../../../../tests/support/database.ts';
import { NOON, ORGANISATION, subjectId } from '../../../../tests/support/line.ts';
import { eventually } from '../../../../tests/support/server.ts';
import { Heads } from '../telemetry/heads.ts';
import { PostgresLog } from '../telemetry/postgres-log.ts';
import type { QueryPorts } from '../telemetry/query-ports.ts';
import { Reattribution } from './reattribution.ts';
import { insertOrders, type OrderRow, readUnfinished } from './store.ts';

test('what has arrived is not moved again when telling it fails, though whose it was is erased', async () => {
  await using database = await freshDatabase();
  const sql = database.line;
  const { registry } = await openWard(database);
  const owner = await PostgresLog.takeOver(sql);
  const erased = new Set<string>();
  const sealOf = (id: string) => (erased.has(id) ? undefined : keys.sealOf());
  const onProblem = (what: string): void => void problems.push(what);
  const encode = () => Promise.resolve(assert.fail('nothing is moved'));
  const moving = { sql, sealOf, onProblem, registry, encode, heads: new Heads(), ...owner };
  const problems: string[] = [];
  const queryPorts: QueryPorts = {
    ...moving,
    read: database.read,
    offsetsOf: (series) => registry.offsetsOf(series),
    pause: () => Promise.resolve(),
  };
  const order = (id: number, device: string): OrderRow => ({
    organisation_id: ORGANISATION,
    device_id: device as OrderRow['device_id'],
    id: subjectId(id),
    from_subject_id: SUBJECT,
    to_subject_id: OTHER,
    from_ms: NOON,
    until_ms: null,
    ordered_ms: NOON + id,
    ordered_by: null,
    stage: 'moving',
    values_moved: 1,
  });
  await insertOrders(sql, [order(1, 'monitor-1')]);
  const telemetry = {
    queryPorts,
    movePorts: moving,
    appendMove: (_: unknown, onDurable: (fault: undefined) => void) => onDurable(undefined),
    flushedSoFar: () => Promise.resolve(true),
    windows: async function* () {},
  };
  const alarms = {
    noteMoved: () => {
      if (erased.has(OTHER)) return Promise.resolve();
      // Nothing of theirs is on its way any more.
      assert.equal(registry.moves.concerns(OTHER), false);
      erased.add(OTHER);
      registry.forget(OTHER, NOON);
      return Promise.reject(new Error('the store is away'));
    },
    tell: () => {},
    watch: { planOf: () => undefined, limitsOf: () => [] },
    settle: () => Promise.resolve(),
  };
  const outside = {
    nowMs: () => NOON,
    after: (_delayMs: number, run: () => void) => void setImmediate(run),
    pause: () => Promise.resolve(),
    onMoved: () => {},
    noteMoved: () => Promise.resolve(),
    onProblem,
  };
  // Where nothing is on its way but one order, the engine and the book are asked for no more than this.
  const ports = { sql, registry, telemetry, alarms, ...outside };
  const reattribution = await Reattribution.open(ports);
  // Whatever is found: what is left running would go on asking a database that is gone.
  await using _ = { [Symbol.asyncDispose]: () => reattribution.close() };
  const isDone = async () => (await readUnfinished(sql)).length === 0 || undefined;
  await eventually('the order is done', isDone);
  assert.deepEqual(problems, ['move readings to their subject']);
});
