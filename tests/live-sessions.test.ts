/** A live socket lives no longer than the session that opened it. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { LIVE_SIGNED_OUT_CODE } from '@ausculta/contract/live';
import { hash } from '@node-rs/argon2';
import type { Listener } from './support/live-listener.ts';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
} from './support/server.ts';

const PASSWORD = 'correct horse battery staple';
const HOUR_MS = 3_600_000;

describe('live sockets and their sessions', () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  let skewMs = 0;
  /** How often each of the server's rounds has come; what a round would find, nothing else does while they are held. */
  const rounds: number[] = [];
  let areRoundsHeld = false;
  before(async () => {
    here = await startServerHere({
      outside: {
        nowMs: () => Date.now() + skewMs,
        every: (periodMs, run) => {
          const own = rounds.push(0) - 1;
          const round = (): void => {
            if (areRoundsHeld) return;
            rounds[own] = (rounds[own] ?? 0) + 1;
            run();
          };
          const timer = setInterval(round, Math.min(periodMs, 1_000));
          return () => {
            clearInterval(timer);
            rounds[own] = Number.POSITIVE_INFINITY;
          };
        },
      },
    });
    server = here.server;
    const sql = here.database.line;
    await sql`UPDATE account SET password_hash = ${await hash(PASSWORD)} WHERE login_name = 'admin'`;
  });
  after(() => here[Symbol.asyncDispose]());

  async function signIn(): Promise<Record<string, string>> {
    const response = await fetch(`${server.url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ loginName: 'admin', password: PASSWORD }),
    });
    assert.equal(response.status, 204);
    const cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    return { cookie, origin: server.url };
  }

  async function watching(headers: Record<string, string>, subjectId: string) {
    const listener = server.listen([subjectId], headers);
    assert.equal(await listener.opened, true);
    await eventually('the subscription', () =>
      listener.notices.find(({ type }) => type === 'subscribed'),
    );
    return listener;
  }

  test('signing out closes the sockets of that session at once, and of no other', async () => {
    const device = await server.addPatient();
    const [mine, other] = [await signIn(), await signIn()];
    const closing = [
      await watching(mine, device.subjectId),
      await watching(mine, device.subjectId),
    ];
    const staying = await watching(other, device.subjectId);
    areRoundsHeld = true;
    const out = await fetch(`${server.url}/api/session`, { method: 'DELETE', headers: mine });
    assert.equal(out.status, 204);
    for (const listener of closing) assert.equal(await listener.closed, LIVE_SIGNED_OUT_CODE);
    areRoundsHeld = false;
    await server.send(device, JSON.stringify({ values: { 'heart-rate': 88 } }));
    await eventually('the number at the other station', () =>
      staying.values.includes(88) ? true : undefined,
    );
    for (const listener of closing) assert.deepEqual(listener.values, []);
    assert.equal(await server.listen([device.subjectId], mine).opened, false);
    staying.close();
  });

  test('a session that is revoked in the database loses its sockets, and so does an API token', async () => {
    const device = await server.addPatient();
    const sql = here.database.line;
    const token = randomBytes(24).toString('base64url');
    const token_hash = createHash('sha256').update(token).digest();
    const [own] = await sql<{ id: string }[]>`SELECT id FROM organisation`;
    const row = {
      organisation_id: own?.id ?? '',
      token_hash,
      label: 'test',
      roles: ['physician', 'nurse'],
    };
    await sql`INSERT INTO api_token ${sql(row)}`;
    const person = await watching(await signIn(), device.subjectId);
    const program = await watching({ authorization: `Bearer ${token}` }, device.subjectId);
    const administrator = await watching(
      { authorization: `Bearer ${server.token}` },
      device.subjectId,
    );
    await sql`DELETE FROM session`;
    await sql`DELETE FROM api_token WHERE token_hash = ${token_hash}`;
    assert.equal(await person.closed, LIVE_SIGNED_OUT_CODE);
    assert.equal(await program.closed, LIVE_SIGNED_OUT_CODE);
    const refused = await server.fetch('/api/subjects', {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(refused.status, 401, 'what was remembered of it is forgotten as well');
    administrator.close();
    assert.notEqual(await administrator.closed, LIVE_SIGNED_OUT_CODE);
  });

  test('a session that runs out loses its sockets when it does, and not before', async () => {
    const device = await server.addPatient();
    const listener = await watching(await signIn(), device.subjectId);
    let isClosed = false;
    void listener.closed.then(() => {
      isClosed = true;
    });
    skewMs = 12 * HOUR_MS - 60_000;
    // No event tells that a look has closed nothing: its round has come twice.
    const before = [...rounds];
    await eventually('two rounds of each', () =>
      before.every((times, i) => (rounds[i] ?? 0) >= times + 2) ? true : undefined,
    );
    assert.equal(isClosed, false);
    skewMs = 12 * HOUR_MS + 1_000;
    assert.equal(await listener.closed, LIVE_SIGNED_OUT_CODE);
    skewMs = 0;
  });

  test('one credential has sixty-four sockets and no more; one that closes makes room', async () => {
    const headers = await signIn();
    const all = Array.from({ length: 64 }, () => server.listen([], headers));
    for (const listener of all) assert.equal(await listener.opened, true);
    const tooMany = server.listen([], headers);
    assert.equal(await tooMany.closed, 1013);
    all[0]?.close();
    await all[0]?.closed;
    const next = await eventually('room', async () => {
      const listener = server.listen([], headers);
      const isOver = await Promise.race([listener.closed.then(() => true), firstNotice(listener)]);
      return isOver ? undefined : listener;
    });
    for (const listener of [...all, next]) listener.close();
  });
});

async function firstNotice({ notices }: Listener): Promise<false> {
  await eventually('a notice', () => notices[0]);
  return false;
}
