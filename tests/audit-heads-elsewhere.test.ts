/** Signed heads at a receiver elsewhere, which fails, hangs, goes away and comes back: in order, none left out. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { AuditHeads } from '@ausculta/contract/audit';
import { Webhook } from 'standardwebhooks';
import { runCommand, type ServerProcess, startServerProcess } from './support/program.ts';
import { eventually, type ServerUnderTest } from './support/server.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

interface Taken {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly taken: Taken[];
  /** All that came, taken or not. */
  readonly seen: Taken[];
  /** How the next ones are answered; nothing at all: 'never'. */
  answer: number | 'never';
}

async function receiverOf(): Promise<Receiver> {
  const [taken, seen]: [Taken[], Taken[]] = [[], []];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const one = { headers: request.headers, body: Buffer.concat(parts).toString() };
      seen.push(one);
      if (receiver.answer === 'never') return;
      if (receiver.answer === 204) taken.push(one);
      response.writeHead(receiver.answer).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const receiver: Receiver = {
    ...{ url: `http://127.0.0.1:${port}/heads`, taken, seen, answer: 204 },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}

/** The size of the tree is the second line of a note. */
const sizeOf = ({ body }: Taken): number =>
  Number((JSON.parse(body) as { note: string }).note.split('\n')[1]);

describe('heads of the audit, sent elsewhere', () => {
  let receiver: Receiver;
  let dataDir: string;
  let running: ServerProcess;
  let server: ServerUnderTest;
  let settings: Record<string, string>;

  const start = async (): Promise<void> => {
    running = await startServerProcess(dataDir, settings);
    server = running.server;
  };
  const act = async (): Promise<void> => {
    await server.addSubject();
    await server.get('/api/subjects');
  };
  /** Entries that had their place by now are under a head that the receiver has. */
  const caughtUp = async (): Promise<void> => {
    const { entries: wanted } = await eventually('a head', async () => {
      const { newest, waiting } = await heads();
      return waiting.entries > 0 ? undefined : (newest ?? undefined);
    });
    await eventually('the receiver has the newest head', () =>
      receiver.taken.some((one) => sizeOf(one) >= wanted) ? true : undefined,
    );
  };
  const heads = async (): Promise<AuditHeads> =>
    AuditHeads.parse(await server.get('/api/audit/heads'));
  const isWell = async (): Promise<void> => {
    await eventually('nothing is told to fail', async () =>
      (await heads()).sent?.failing === null ? true : undefined,
    );
  };
  const failing = async (): Promise<NonNullable<NonNullable<AuditHeads['sent']>['failing']>> =>
    await eventually('it is told that heads are not taken', async () => {
      const { sent } = await heads();
      return sent?.failing ?? undefined;
    });

  before(async () => {
    receiver = await receiverOf();
    dataDir = await mkdtemp(join(tmpdir(), 'ausculta-heads-'));
    const file = join(dataDir, '..', `secret-${process.pid}`);
    await writeFile(file, `${SECRET}\n`);
    settings = { AUSCULTA_AUDIT_HOOK: receiver.url, AUSCULTA_AUDIT_HOOK_SECRET_FILE: file };
    await start();
  });
  after(async () => {
    await running[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
    await rm(settings['AUSCULTA_AUDIT_HOOK_SECRET_FILE'] ?? '', { force: true });
  });

  test('each head arrives, signed as a webhook is, and the state says so', async () => {
    await act();
    await caughtUp();
    const [first] = receiver.taken;
    assert.ok(first !== undefined);
    const { headers, body } = first;
    const signed = Object.fromEntries(
      ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [
        name,
        String(headers[name]),
      ]),
    );
    assert.deepEqual(new Webhook(SECRET).verify(body, signed), JSON.parse(body));
    const { sent } = await heads();
    assert.equal(sent?.to, new URL(receiver.url).host);
    await isWell();
    assert.doesNotMatch(body, /whsec_/);
  });

  test('one that answers 500 is told, and holds up neither the audit nor anybody', async () => {
    receiver.answer = 500;
    await act();
    const { why, attempts } = await failing();
    assert.match(why, /it answers 500/);
    assert.ok(attempts >= 1);
    const before = (await heads()).newest?.entries ?? 0;
    await act();
    const grown = await eventually('the audit goes on', async () => {
      const { newest } = await heads();
      return (newest?.entries ?? 0) > before ? newest : undefined;
    });
    assert.ok(grown);
    receiver.answer = 204;
    await caughtUp();
    await isWell();
  });

  test('one that hangs is late, and is sent the same once it answers', async () => {
    receiver.answer = 'never';
    const seen = receiver.seen.length;
    await act();
    await eventually('it has come', () => (receiver.seen.length > seen ? true : undefined));
    assert.match((await failing()).why, /no answer within 10 s/);
    receiver.answer = 204;
    await caughtUp();
    const ids = receiver.seen.slice(seen).map(({ headers }) => headers['webhook-id']);
    assert.ok(new Set(ids).size < ids.length, 'tried again under the same id');
  });

  test('what was not taken before a kill is sent in order after it', async () => {
    receiver.answer = 503;
    for (let i = 0; i < 3; i += 1) {
      const before = (await heads()).newest?.entries ?? 0;
      await act();
      await eventually('another head', async () =>
        ((await heads()).newest?.entries ?? 0) > before ? true : undefined,
      );
    }
    await failing();
    await running.kill();
    receiver.answer = 204;
    await start();
    await caughtUp();
    const sizes = receiver.taken.map(sizeOf);
    assert.deepEqual(
      sizes,
      sizes.toSorted((a, b) => a - b),
    );
  });

  test('the receiver’s copy is a file of heads, by which anybody verifies', async () => {
    await caughtUp();
    const copy = join(dataDir, 'copy.jsonl');
    await writeFile(copy, receiver.taken.map(({ body }) => `${body}\n`).join(''));
    const place = { AUSCULTA_DATA_DIR: dataDir, ...settings };
    const { code, output } = await runCommand(['audit-verify', '--heads', copy], place);
    assert.equal(code, 0, output.stdout + output.stderr);
    assert.match(output.stdout, /[1-9]\d* heads in the file/);
    const forged = receiver.taken.map(({ body }) =>
      body.replace('ausculta.audit/', 'ausculta.audit/x'),
    );
    await writeFile(copy, `${forged.join('\n')}\n`);
    const found = await runCommand(['audit-verify', '--heads', copy], place);
    assert.equal(found.code, 1);
  });

  test('an address without a secret, or a file without one, does not start', async () => {
    const place = { AUSCULTA_DATA_DIR: dataDir, AUSCULTA_AUDIT_HOOK: receiver.url };
    const alone = await runCommand(['audit-key'], place);
    assert.match(alone.output.stderr, /belong together/);
  });
});
