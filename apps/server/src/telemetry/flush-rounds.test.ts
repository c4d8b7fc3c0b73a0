/** A round of turns on a real PostgreSQL: wherever a server dies in it, nothing is lost and nothing is there twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOON, ORGANISATION, readingsEntry } from '../../../../tests/support/line.ts';
import { eventually } from '../../../../tests/support/server.ts';
import { Engine, keys, neighbourOf, prepare } from '../../../../tests/support/telemetry-engine.ts';
import type { LogEntry, Series } from '../line/entry.ts';

const HALF_A_ROUND_MS = 30_000;
const WEEKS_MS = 30 * 24 * 3_600_000;
/** Two series, two turns. */
const ONE_A_TURN = { seriesATurn: 1 };

const at = (series: Series, second: number, value: number): LogEntry =>
  readingsEntry(series, { stampMs: NOON + second * 1000, value, flags: 0 });

async function twoOfAWard() {
  const places = await prepare();
  const { database, rate } = places;
  const other = await neighbourOf(database, rate);
  const [first, second] = rate.partition < other.partition ? [rate, other] : [other, rate];
  const chunked = async (): Promise<number[]> => {
    const rows = await database.line`SELECT DISTINCT series_id FROM chunk ORDER BY series_id`;
    return rows.map((row) => row['series_id'] as number);
  };
  const turn = async (engine: Engine): Promise<void> => {
    const { flushes } = engine.telemetry.heads;
    engine.nowMs += HALF_A_ROUND_MS;
    engine.elapse();
    await eventually('a turn', () => (engine.telemetry.heads.flushes > flushes ? true : undefined));
    await engine.telemetry.compact();
  };
  return { ...places, first, second, chunked, turn };
}

const readBoth = async (engine: Engine, { subjectId }: Series, other: Series) => [
  await engine.read('heart-rate', subjectId),
  await engine.read('heart-rate', other.subjectId),
];

test('a server that dies in its first round has all of who had no turn yet', async () => {
  await using ward = await twoOfAWard();
  const { database, first, second, chunked, turn } = ward;
  const engine = await Engine.open(database, ONE_A_TURN);
  await engine.append(at(first, 1, 71), at(second, 1, 81));
  await turn(engine);
  assert.deepEqual(await chunked(), [first.id]);
  await engine.append(at(first, 2, 72), at(second, 2, 82));
  engine.crash();
  const again = await Engine.open(database, ONE_A_TURN);
  assert.deepEqual(await readBoth(again, first, second), [
    [
      [1, 71],
      [2, 72],
    ],
    [
      [1, 81],
      [2, 82],
    ],
  ]);
  await turn(again);
  await turn(again);
  assert.deepEqual(await chunked(), [first.id, second.id].sort());
  assert.equal(again.telemetry.heads.unflushed.total, 0);
  again.crash();
  assert.deepEqual([...engine.problems, ...again.problems], []);
});

test('no hour of the log goes while somebody still waits for a turn, however late it seems', async () => {
  await using ward = await twoOfAWard();
  const { database, first, second, turn } = ward;
  const retired: string[] = [];
  const logKeys = { ...keys, retireBefore: (table: string) => void retired.push(table) };
  const before = await Engine.open(database, { ...ONE_A_TURN, logKeys });
  await before.append(at(first, 1, 71), at(second, 1, 81));
  before.crash();
  const engine = await Engine.open(database, { ...ONE_A_TURN, logKeys, nowMs: NOON + WEEKS_MS });
  await turn(engine);
  engine.crash();
  const again = await Engine.open(database, { ...ONE_A_TURN, logKeys });
  assert.deepEqual(await readBoth(again, first, second), [[[1, 71]], [[1, 81]]]);
  again.crash();
});

test('what changes hands is in one flush of both sides, whoever has the turn', async () => {
  await using ward = await twoOfAWard();
  const { database, first, second, chunked, turn } = ward;
  const engine = await Engine.open(database, ONE_A_TURN);
  await engine.append(at(first, 1, 71), at(second, 1, 81), {
    kind: 'moved',
    partition: second.partition,
    receivedMs: NOON,
    offsetMs: 0,
    id: '00000000-0000-4000-8000-00000000000a',
    organisationId: ORGANISATION,
    subjectId: second.subjectId,
    toSubjectId: first.subjectId,
    deviceId: second.deviceId,
    fromMs: NOON,
    untilMs: NOON + 1,
  });
  await turn(engine);
  assert.deepEqual(await chunked(), [first.id, second.id].sort());
  engine.crash();
});
