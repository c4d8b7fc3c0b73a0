import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { freshDatabase } from '../../../../tests/support/database.ts';
import { eventually, realOutside } from '../../../../tests/support/server.ts';
import { Outgoing } from '../outgoing/outgoing.ts';
import { HeadsHook } from './heads-hook.ts';
import { noteRestoration, toldOf } from './hook-store.ts';

const HERE = '0e11a5b0-0000-4000-8000-000000000001';
const THERE = '0e11a5b0-0000-4000-8000-000000000002';
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

const problem = (what: string, error: unknown) => {
  throw new Error(what, { cause: error });
};

/** A receiver, and the hook on a clock that the test turns. */
async function houseOn(database: Awaited<ReturnType<typeof freshDatabase>>) {
  const sql = database.line;
  await sql`INSERT INTO organisation (id, name) VALUES (${HERE}, 'Here'), (${THERE}, 'There')`;
  const notes: string[] = [];
  const state = { answer: 200, nowMs: 0, asked: 0, refused: '' };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      state.asked += 1;
      const { note } = JSON.parse(Buffer.concat(parts).toString()) as { note: string };
      const answer = note === state.refused ? 422 : state.answer;
      if (answer === 200) notes.push(note);
      response.writeHead(answer).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const outside = realOutside(problem);
  const outgoing = new Outgoing({
    rules: { prefixes: [], mayBePrivate: false },
    resolve: () => Promise.resolve([]),
    ...{ after: outside.after, reads: 'status', connectionsMax: 1 },
  });
  let round = (): void => undefined;
  const every = (_ms: number, run: () => void) => {
    round = run;
    return () => undefined;
  };
  const hook = new HeadsHook({
    ...{ sql, url: new URL(`http://127.0.0.1:${port}/heads`), secret: SECRET, outgoing, every },
    nowMs: () => state.nowMs,
    onProblem: problem,
  });
  return {
    ...{ hook, notes, state, round: () => round() },
    sign: (size: number, organisationId = HERE) =>
      sql`INSERT INTO audit_head (organisation_id, size, note) VALUES (${organisationId}, ${size}, ${`head of ${size}`})`,
    told: (organisationId = HERE) => toldOf(sql, { receiver: hook.receiver, organisationId }),
    restored: (note: string) =>
      noteRestoration(sql, { receiver: hook.receiver, organisationId: HERE, note }),
    [Symbol.asyncDispose]: async () => {
      outgoing[Symbol.dispose]();
      await hook[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
    },
  };
}

test('it begins with the newest head, and goes on in the order of signing', async () => {
  await using database = await freshDatabase();
  await using house = await houseOn(database);
  for (const size of [3, 9, 12]) await house.sign(size);
  house.round();
  await eventually('the newest', () => (house.notes.length > 0 ? true : undefined));
  for (const size of [15, 100]) await house.sign(size);
  await eventually('those that follow', () => {
    house.round();
    return house.notes.length === 3 ? true : undefined;
  });
  assert.deepEqual(house.notes, ['head of 12', 'head of 15', 'head of 100']);
});

test('that the database was put back is told before what follows it', async () => {
  await using database = await freshDatabase();
  await using house = await houseOn(database);
  await house.sign(5);
  house.round();
  await eventually('the first', () => (house.notes.length === 1 ? true : undefined));
  await house.restored('restored from 9 to 5');
  await house.sign(7);
  await eventually('both', () => {
    house.round();
    return house.notes.length === 3 ? true : undefined;
  });
  assert.deepEqual(house.notes, ['head of 5', 'restored from 9 to 5', 'head of 7']);
});

test('one that fails is left in peace for a second, then two, up to five minutes, and never given up', async () => {
  await using database = await freshDatabase();
  await using house = await houseOn(database);
  house.state.refused = 'head of 1';
  await house.sign(1);
  let attempts = 0;
  for (const waitMs of [
    1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000,
  ]) {
    const row = await eventually('an attempt', async () => {
      house.round();
      const told = await house.told();
      return told !== undefined && told.attempts > attempts ? told : undefined;
    });
    attempts += 1;
    assert.equal(row.attempts, attempts);
    assert.equal(row.why, 'it answers 422');
    assert.equal(row.failing_ms, 0, 'since the first');
    house.state.nowMs += waitMs - 1;
    // Whoever has told the other house of its next head has looked at this one, too.
    await house.sign(20 + attempts, THERE);
    await eventually('that of another', () => {
      house.round();
      return house.notes.length === attempts ? true : undefined;
    });
    assert.equal(house.state.asked, 2 * attempts, 'not a moment earlier');
    house.state.nowMs += 1;
  }
  house.state.refused = '';
  const row = await eventually('that it was taken', async () => {
    house.round();
    const told = await house.told();
    return told?.failing_ms === null ? told : undefined;
  });
  assert.deepEqual([row.size, row.attempts, row.waiting], [1, 0, 0]);
});

test('a head that is not taken holds up those of its organisation alone', async () => {
  await using database = await freshDatabase();
  await using house = await houseOn(database);
  house.state.refused = 'head of 1';
  await house.sign(1);
  await house.sign(20, THERE);
  house.round();
  await eventually('that of the other', () => (house.notes.length === 1 ? true : undefined));
  await eventually('that it was refused', async () =>
    (await house.told())?.why ? true : undefined,
  );
  await house.sign(2);
  for (const size of [21, 22]) await house.sign(size, THERE);
  await eventually('those of the other', () => {
    house.round();
    return house.notes.length === 3 ? true : undefined;
  });
  assert.deepEqual(house.notes, ['head of 20', 'head of 21', 'head of 22']);
  const [here, there] = [await house.told(), await house.told(THERE)];
  assert.deepEqual([here?.attempts, here?.waiting, here?.why], [1, 2, 'it answers 422']);
  assert.deepEqual([there?.attempts, there?.failing_ms], [0, null]);
  house.state.refused = '';
  house.state.nowMs += 1_000;
  await eventually('its own', () => {
    house.round();
    return house.notes.length === 5 ? true : undefined;
  });
  assert.deepEqual(house.notes.slice(3), ['head of 1', 'head of 2']);
});
