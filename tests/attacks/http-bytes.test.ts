/**
 * Bytes that are no HTTP, that two servers would read in two ways, that never end, or that grow when they are
 * read: each is refused in our own form, writes nothing, and meanwhile devices are answered.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Problem } from '@ausculta/contract/problem';
import { createHttpServer } from '../../apps/server/src/http-server.ts';
import { RawHttp, statusOf } from '../support/raw-http.ts';
import {
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from '../support/server.ts';

let here: ServerHere;
let server: ServerUnderTest;
let device: TestDevice;
let subjectsBefore = 0;

/** What every answer says, whoever is answered and why. */
const SAID_ALWAYS = [
  /^content-security-policy: default-src 'self'/im,
  /^x-content-type-options: nosniff/im,
  /^permissions-policy: .*camera=\(\)/im,
  /^cache-control: no-store/im,
];

async function isAnswered(): Promise<void> {
  const { status } = await server.send(device, '{"values":{"heart-rate":71}}');
  assert.equal(status, 202, 'a device is answered meanwhile');
}

const subjects = async (): Promise<number> =>
  (await server.get<{ subjects: unknown[] }>('/api/subjects')).subjects.length;

describe('bytes at the HTTP door', () => {
  before(async () => {
    here = await startServerHere();
    server = here.server;
    device = await server.addPatient('Known');
    subjectsBefore = await subjects();
  });
  after(async () => {
    assert.equal(await subjects(), subjectsBefore, 'nothing of all this was written');
    assert.deepEqual(here.problems, []);
    await here[Symbol.asyncDispose]();
  });

  const credentials = (): string => `Host: here\r\nAuthorization: Bearer ${server.token}\r\n`;

  /** What somebody behind a shared proxy would like to be taken for the next request of somebody else. */
  function smuggled(): string {
    const body = '{"category":"adult","identity":{"familyName":"Smuggled","invented":true}}';
    const type = `Content-Type: application/json\r\nContent-Length: ${body.length}`;
    return `POST /api/subjects HTTP/1.1\r\n${credentials()}${type}\r\n\r\n${body}`;
  }

  const post = (headers: string, rest: string): string =>
    `POST /api/latest HTTP/1.1\r\n${credentials()}Content-Type: application/json\r\n${headers}\r\n${rest}`;

  test('one request that can be read as two is none, and the connection ends', async () => {
    const inner = smuggled();
    const chunked = `0\r\n\r\n${inner}`;
    for (const [shape, bytes] of Object.entries({
      'length, then chunks': post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', chunked),
      'chunks, then length': post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', chunked),
      'two lengths': post(`Content-Length: 0\r\nContent-Length: ${inner.length}\r\n`, inner),
      'one length twice': post('Content-Length: 2\r\nContent-Length: 2\r\n', `{}${inner}`),
      'a list of lengths': post(`Content-Length: 0, ${inner.length}\r\n`, inner),
      'a length with a sign': post('Content-Length: +0\r\n', inner),
      'a length below nothing': post('Content-Length: -1\r\n', inner),
      'a length in hexadecimal': post('Content-Length: 0x0\r\n', inner),
      'a folded line': post('Transfer-Encoding:\r\n chunked\r\n', chunked),
      'a folded line of no importance': `GET /livez HTTP/1.1\r\nHost: here\r\nX: a\r\n b: c\r\n\r\n${inner}`,
      'an encoding that is none': post('Transfer-Encoding: xchunked\r\n', chunked),
      'two encodings': post(
        'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n',
        chunked,
      ),
      'an encoding after chunks': post('Transfer-Encoding: chunked, identity\r\n', chunked),
      'a space before the colon': post('Transfer-Encoding : chunked\r\n', chunked),
      'a tab of another kind': post('Transfer-Encoding: \x0bchunked\r\n', chunked),
      'a chunk that is no number': post('Transfer-Encoding: chunked\r\n', `zz\r\n{}\r\n${chunked}`),
      'a chunk below nothing': post('Transfer-Encoding: chunked\r\n', `-1\r\n{}\r\n${chunked}`),
      'a chunk without a bound': post(
        'Transfer-Encoding: chunked\r\n',
        `${'f'.repeat(20)}\r\n${inner}`,
      ),
      'a line that ends in a chunk': post(
        'Transfer-Encoding: chunked\r\n',
        `2;a=\nb\r\n{}\r\n${chunked}`,
      ),
      'lines that end by half': post('Transfer-Encoding: chunked\r\n', `2\n{}\n0\n\n${inner}`),
      'notes of a chunk without an end': post(
        'Transfer-Encoding: chunked\r\n',
        `2;${'a'.repeat(70_000)}`,
      ),
      'half an end of a line': `GET /livez HTTP/1.1\nHost: here\n\n${inner}`,
      'nothing within a header': `GET /livez HTTP/1.1\r\nHost: here\r\nX: a\0b\r\n\r\n${inner}`,
      'a version that is none': `GET /livez HTTP/1.9\r\nHost: here\r\n\r\n${inner}`,
      'another version': `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${inner}`,
      'TLS at a plain door': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'headers without an end': `GET /livez HTTP/1.1\r\nHost: here\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`,
      'an address without an end': `GET /${'a'.repeat(40_000)} HTTP/1.1\r\nHost: here\r\n\r\n`,
    })) {
      using peer = await RawHttp.open(server.httpPort);
      peer.send(bytes);
      const answer = await peer.closed();
      assert.equal(peer.answers, 1, shape);
      assert.ok([400, 413, 431].includes(statusOf(answer)), `${shape}: ${answer.slice(0, 40)}`);
      const { fault } = Problem.parse(JSON.parse(answer.split('\r\n\r\n')[1] ?? ''));
      assert.equal(fault, 'PAYLOAD_MALFORMED', shape);
      for (const header of SAID_ALWAYS) assert.match(answer, header, shape);
      await isAnswered();
    }
  });

  test('an address that is none, no host and two of them are refused, and nothing of it is repeated', async () => {
    for (const [bytes, status] of [
      [`GET /%zz-Okafor HTTP/1.1\r\n${credentials()}\r\n`, 400],
      [`GET /api/subjects/%ff-Okafor HTTP/1.1\r\n${credentials()}\r\n`, 400],
      [`GET /fhir/R4/Patient/%zz-Okafor HTTP/1.1\r\n${credentials()}\r\n`, 400],
      [`GET /api/subjects/Okafor${'a'.repeat(300)} HTTP/1.1\r\n${credentials()}\r\n`, 404],
      ['GET /livez HTTP/1.1\r\n\r\n', 400],
      ['GET /livez HTTP/1.1\r\nHost: here\r\nHost: Okafor.example\r\n\r\n', 400],
      ['GET /livez HTTP/1.1\r\nHost: here\r\n\r\n', 200],
      ['GET /livez HTTP/1.0\r\n\r\n', 200],
      // What it names as its own address changes nothing.
      ['GET http://Okafor.example/api/subjects HTTP/1.1\r\nHost: here\r\n\r\n', 401],
      ['TRACE / HTTP/1.1\r\nHost: here\r\nX: Okafor\r\n\r\n', 401],
      ['GET /livez HTTP/1.1\r\nHost: here\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n', 200],
      [`${post('Expect: a-miracle\r\nContent-Length: 2\r\n', '{}')}`, 417],
    ] as const) {
      using peer = await RawHttp.open(server.httpPort);
      peer.send(bytes);
      const answer = await peer.answered();
      assert.equal(statusOf(answer), status, bytes.slice(0, 60));
      for (const header of SAID_ALWAYS) assert.match(answer, header, bytes.slice(0, 60));
      assert.doesNotMatch(answer, /Okafor|FST_/, bytes.slice(0, 60));
    }
    using tunnel = await RawHttp.open(server.httpPort);
    tunnel.send('CONNECT 127.0.0.1:5432 HTTP/1.1\r\nHost: here\r\n\r\n');
    assert.equal(await tunnel.closed(), '', 'nothing is led elsewhere');
  });

  test('a file of the machine is not read by an address, however it is written', async () => {
    for (const path of [
      ...['/../../../etc/passwd', '/..%2f..%2f..%2fetc/passwd', '/%2e%2e/%2e%2e/etc/passwd'],
      ...['/assets/../../../etc/passwd', '/assets/..%5c..%5cpackage.json', '//etc/passwd'],
      ...['/assets/%2e%2e%2f%2e%2e%2fpackage.json', '/..;/package.json', '/package.json%00.js'],
      ...['/.env', '/.git/config', '/admin-token', '/assets/..%252f..%252fpackage.json'],
      ...['/fhir/R4/$export/../../../../etc/passwd', '/fhir/R4/$export/x/..%2f..%2fetc%2fpasswd'],
    ]) {
      using peer = await RawHttp.open(server.httpPort);
      peer.send(`GET ${path} HTTP/1.1\r\n${credentials()}\r\n`);
      const answer = await peer.answered();
      assert.ok([400, 401, 403, 404].includes(statusOf(answer)), `${path}: ${statusOf(answer)}`);
      assert.doesNotMatch(answer, /root:|"name": ?"ausculta"/, path);
    }
  });

  test('two hundred that dribble keep nobody waiting', async () => {
    const peers = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        RawHttp.open(server.httpPort, `127.0.0.${(i % 20) + 2}`),
      ),
    );
    for (const [i, peer] of peers.entries())
      peer.send(
        i % 2 === 0
          ? 'GET /livez HTTP/1.1\r\nHost: here\r\nX: '
          : post('Content-Length: 9000\r\n', '{'),
      );
    for (let i = 0; i < 20; i += 1) {
      for (const peer of peers) peer.send('a');
      await isAnswered();
    }
    assert.ok(
      peers.every(({ isClosed }) => !isClosed),
      'they were there all the time',
    );
    for (const peer of peers) peer[Symbol.dispose]();
  });

  test('who does not come to an end in time is cut', async () => {
    const never = (): never => assert.fail('nobody is asked');
    const patience = { headersWithinMs: 300, requestWithinMs: 600, lookedAtEveryMs: 50 };
    const app = await createHttpServer({
      signIn: { credentialOf: never, callerOf: never },
      viewers: { of: never, gate: { isOpenedTo: never } },
      isOriginOfApp: never,
      ...{ trustedProxies: [], webDir: undefined, onProblem: assert.fail, patience },
    });
    app.post('/takes', { config: { access: 'public' } }, () =>
      assert.fail('there is no whole request'),
    );
    await app.listen({ host: '127.0.0.1', port: 0 });
    const address = app.server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    for (const begun of [
      'POST /takes HTTP/1.1\r\nHost: here\r\nX: ',
      'POST /takes HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    ]) {
      using peer = await RawHttp.open(port);
      peer.send(begun);
      const answer = await peer.closed();
      assert.equal(statusOf(answer), 408, begun);
      for (const header of SAID_ALWAYS) assert.match(answer, header);
    }
    await app.close();
  });

  test('a body beyond its bound is refused by what it says of itself, or where it passes it', async () => {
    const type = 'Content-Type: application/json\r\n';
    for (const path of [
      '/api/subjects',
      '/fhir/R4/Patient',
      `/api/devices/${device.id}/readings`,
    ]) {
      const own = path.includes('devices')
        ? `Host: here\r\nAuthorization: Bearer ${device.token}\r\n`
        : credentials();
      using liar = await RawHttp.open(server.httpPort);
      liar.send(`POST ${path} HTTP/1.1\r\n${own}${type}Content-Length: 99999999999\r\n\r\n{`);
      assert.equal(statusOf(await liar.answered()), 413, `${path}: says so`);
      using endless = await RawHttp.open(server.httpPort);
      endless.send(`POST ${path} HTTP/1.1\r\n${own}${type}Transfer-Encoding: chunked\r\n\r\n`);
      const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
      for (let i = 0; i < 400 && endless.answers === 0 && !endless.isClosed; i += 1) {
        endless.send(chunk);
        if (i % 16 === 15) await isAnswered();
      }
      assert.equal(statusOf(await endless.answered()), 413, `${path}: goes on`);
    }
  });

  const DEPTH = 60_000;
  test('what nests without an end, or grows when it is unpacked, is refused', async () => {
    const json = { 'content-type': 'application/json' };
    const nested = `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`;
    const inFields = `${'{"a":'.repeat(DEPTH / 2)}1${'}'.repeat(DEPTH / 2)}`;
    const packed = gzipSync(Buffer.alloc(2 ** 26, 0x20));
    const cbor = Buffer.concat([Buffer.alloc(DEPTH, 0x81), Buffer.from([0x00])]);
    const huge = Buffer.from([0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    const xml = `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><Patient>&b;</Patient>`;
    const form =
      '--x\r\ncontent-disposition: form-data; name="a"; filename="../../etc/cron.d/x"\r\n\r\na\r\n--x--';
    const asDevice = { authorization: `Bearer ${device.token}` };
    const readings = `/api/devices/${device.id}/readings`;
    for (const path of [
      '/api/subjects',
      '/api/session',
      '/api/latest',
      '/fhir/R4/Patient',
      '/fhir/R4',
      '/fhir/R4/$graphql',
      readings,
    ]) {
      const own = path === readings ? asDevice : {};
      for (const [what, body, headers] of [
        ['nested lists', nested, json],
        ['nested fields', inFields, json],
        ['a bomb', packed, { ...json, 'content-encoding': 'gzip' }],
        ['CBOR nested', cbor, { 'content-type': 'application/senml+cbor' }],
        ['CBOR that promises', huge, { 'content-type': 'application/senml+cbor' }],
        ['entities', xml, { 'content-type': 'application/fhir+xml' }],
        ['a form with a path', form, { 'content-type': 'multipart/form-data; boundary=x' }],
        ['a prototype', '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{}}}', json],
      ] as const) {
        const options = { method: 'POST', headers: { ...headers, ...own }, body };
        const { status } = await server.fetch(path, options);
        assert.ok(status >= 400 && status < 500, `${path}: ${what}: ${status}`);
      }
      await isAnswered();
    }
    assert.equal(({} as Record<string, unknown>)['isAdmin'], undefined);
  });
});
