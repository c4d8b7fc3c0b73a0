/**
 * Secrets and what is said of people are fed in at every door, where it works and where it fails; then they are
 * looked for in the program's output, in the answers of errors, in every file, and in every column.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { message, openMllp } from '../support/hl7-messages.ts';
import { type ServerProcess, startServerProcess, urlOf } from '../support/program.ts';
import { RawHttp } from '../support/raw-http.ts';
import { RouteWalk, type Walked } from '../support/route-walk.ts';
import { eventually, freePorts, type ServerUnderTest } from '../support/server.ts';

/** Said of people, and of nobody else. */
const SAID = 'Zyxpatientcanary';
/** Shown as a secret, where it opens something and where it does not. */
const SHOWN = 'zyxsecretcanary-0123456789';

/** Where staff and devices are named, and what a device calls its measurement: of no patient. */
const CLEAR = [
  'account.display_name',
  // Names of wards and tiers, as an administrator has written them.
  'call_policy.policy',
  'device.manufacturer',
  'device.model',
  'device.serial_number',
  'duty_turn.unit',
  'oidc_client.name',
  'parked.detail',
  // Which ward has it; why a house has changed a protocol, which is of no patient.
  'protocol_assignment.ward',
  'protocol_version.reason',
  'shift.unit',
];

const FHIR = { 'content-type': 'application/fhir+json' };
const JSON_TYPE = { 'content-type': 'application/json' };

describe('what is fed in', () => {
  let dataDir: string;
  let database: TestDatabase;
  let running: ServerProcess;
  let server: ServerUnderTest;
  let walked: Walked[];
  let hl7Port = 0;
  /** Answers that refuse, or that failed. */
  const refusals: { readonly asked: string; readonly text: string }[] = [];

  const ask = async (path: string, options: RequestInit = {}): Promise<void> => {
    const response = await server.fetch(path, options);
    const text = await response.text();
    const told = [text, ...[...response.headers].map(([name, value]) => `${name}: ${value}`)].join(
      '\n',
    );
    if (response.status >= 400)
      refusals.push({ asked: `${options.method ?? 'GET'} ${path}`, text: told });
  };
  const post = (path: string, body: unknown, headers: Record<string, string> = JSON_TYPE) =>
    ask(path, {
      method: 'POST',
      headers,
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'ausculta-told-'));
    database = await freshDatabase();
    [hl7Port = 0] = await freePorts(1);
    const senders = join(dataDir, 'senders.json');
    await writeFile(
      senders,
      JSON.stringify({
        senders: [
          {
            application: 'MONITOR',
            facility: 'WARD',
            device: 'gateway-1',
            addresses: ['127.0.0.1'],
          },
        ],
      }),
    );
    running = await startServerProcess(dataDir, {
      DATABASE_URL: urlOf(database.connection),
      ...{ AUSCULTA_HL7_PORT: String(hl7Port), AUSCULTA_HL7_SENDERS: senders },
    });
    server = running.server;
    const here = {
      server,
      database,
      hl7Port,
      phdPort: undefined,
      problems: [],
      [Symbol.asyncDispose]: async () => undefined,
    };
    walked = await RouteWalk.through(here, { text: SAID });
  });
  after(async () => {
    await running?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** By each door: what is well, what is not understood, and what opens nothing. */
  async function feed(): Promise<void> {
    const { id } = await server.addSubject(`${SAID} Family`);
    const patient = { reference: `Patient/${id}` };
    for (const text of [SAID, `${SAID}<`, `${SAID}"`]) {
      await post(
        '/fhir/R4/Condition',
        { resourceType: 'Condition', subject: patient, code: { text } },
        FHIR,
      );
      await post(
        '/fhir/R4/Condition',
        { resourceType: 'Condition', subject: { reference: text }, code: 7 },
        FHIR,
      );
      await post('/fhir/R4/Observation', `{"resourceType":"Observation","note":"${text}`, FHIR);
      await post('/fhir/R4/$graphql', { query: `{ Patient(id: "${text}") { name } ` });
      await ask(`/fhir/R4/Patient?name=${text}&birthdate=${text}`, {
        headers: { prefer: 'handling=strict' },
      });
      await ask(`/fhir/R4/Patient/${text}`);
      await ask(`/api/subjects/${text}?name=${text}`);
      await ask(`/${text}/${text}.js`);
      await ask(`/api/${text}`, {
        headers: { 'user-agent': text, referer: `https://x.example/${text}`, cookie: `a=${text}` },
      });
    }
    await post('/api/subjects', { identity: { familyName: SAID, birthDate: SAID } });
    await post('/api/session', { loginName: SAID, password: SHOWN });
    await post('/api/session', { loginName: 'admin', password: SHOWN, code: SHOWN });
    await post('/api/session', `{"loginName":"admin","password":"${SHOWN}`);
    await post('/api/sign-in-link', { token: SHOWN, password: SHOWN });
    for (const authorization of [`Bearer ${SHOWN}`, `Basic ${btoa(`a:${SHOWN}`)}`, SHOWN])
      for (const path of [
        '/api/subjects',
        '/fhir/R4/Patient',
        `/api/subjects?access_token=${SHOWN}`,
      ])
        await ask(path, { headers: { authorization } });
    await ask('/oidc/token', {
      method: 'POST',
      body: new URLSearchParams({ client_id: SHOWN, client_secret: SHOWN, grant_type: SHOWN }),
    });
    using peer = await RawHttp.open(server.httpPort);
    peer.send(`GET /${SAID} HTTP/9.9\r\nHost: ${SAID}\r\nAuthorization: Bearer ${SHOWN}\r\n\r\n`);
    refusals.push({ asked: 'bytes', text: await peer.closed() });
  }

  async function feedDevices(): Promise<void> {
    const device = await server.addPatient(`${SAID} Worn`);
    for (const body of [
      `{"values":{"${SAID}":1}}`,
      `{"note":"${SAID}`,
      '{"values":{"heart-rate":"Zyxpatientcanary"}}',
    ])
      for (const kind of ['readings', 'events', 'waveforms', SAID]) {
        const response = await server.send(device, body, kind);
        refusals.push({ asked: `${kind} ${body}`, text: await response.text() });
      }
    await server.send({ ...device, token: SHOWN }, '{}');
    const client = await server.connect(device);
    await client.publishAsync(`devices/${device.id}/readings`, `{"values":{"${SAID}":1},`, {
      qos: 1,
    });
    client.publish(`${SAID}/${SAID}`, SAID, { qos: 1 });
    await eventually('the end of whoever publishes elsewhere', () =>
      client.connected ? undefined : true,
    );
    await assert.rejects(server.connect({ ...device, token: SHOWN }));
    const mllp = await openMllp(hl7Port);
    const rows = [`OBX|1|ST|x^${SAID}^L||${SAID}||||||R`, `NTE|1||${SAID}`];
    const answer = await mllp.ask(message({ id: '1', pid: SAID, bed: `${SAID}^^7`, rows }));
    refusals.push({ asked: 'HL7', text: answer });
    await mllp.ask(message({ application: SAID, id: '2', rows }));
    mllp.end();
  }

  /** The store is not as it should be: what then goes wrong is noted, and nothing of what was asked. */
  async function feedWhileBroken(): Promise<void> {
    const sql = database.line;
    await sql`ALTER TABLE account RENAME TO account_away`;
    await sql`ALTER TABLE fhir_document RENAME TO fhir_document_away`;
    await post('/api/session', { loginName: `${SAID} broken`, password: SHOWN });
    await post(
      '/fhir/R4/Condition',
      { resourceType: 'Condition', subject: { display: SAID }, code: { text: SAID } },
      FHIR,
    );
    await ask(`/fhir/R4/Condition?code:text=${SAID}`);
    await sql`ALTER TABLE fhir_document_away RENAME TO fhir_document`;
    await sql`ALTER TABLE account_away RENAME TO account`;
  }

  function secrets(): string[] {
    const found = new Set<string>([server.token, SHOWN]);
    for (const { text, options, headers } of walked) {
      for (const [, value] of text.matchAll(/"(?:token|code|secret)":"([^"]{8,})"/g))
        found.add(value ?? '');
      for (const [, list] of text.matchAll(/"codes":\[([^\]]*)\]/g))
        for (const one of (list ?? '').split(',')) found.add(one.replaceAll('"', ''));
      for (const [, value] of text.matchAll(/#([\w-]{20,})"/g)) found.add(value ?? '');
      for (const cookie of [options.headers['cookie'], ...headers.getSetCookie()]) {
        const value = /ausculta_session=([^;]+)/.exec(cookie ?? '')?.[1];
        if (value !== undefined && value !== '') found.add(value);
      }
    }
    return [...found];
  }

  test('is in no output, in no error and in no file of the program', async () => {
    await feed();
    await feedDevices();
    await feedWhileBroken();
    const wanted = [SAID, ...secrets()];
    assert.ok(wanted.length > 15, `${wanted.length} are looked for`);
    const { stdout, stderr } = running.program.output;
    assert.match(stderr, /"step":/, 'what went wrong was noted');
    for (const text of wanted)
      assert.ok(!`${stdout}${stderr}`.includes(text), `the output has ${text}: ${stderr}`);
    const isOwnMetric = (text: string): boolean => text.includes('METRIC_UNKNOWN');
    const echoed = refusals.filter(
      ({ text }) => !isOwnMetric(text) && wanted.some((one) => text.includes(one)),
    );
    assert.deepEqual(echoed, []);
    assert.ok(refusals.length > 40);
    for (const entry of await readdir(dataDir, { withFileTypes: true, recursive: true })) {
      if (!entry.isFile() || entry.name === 'admin-token') continue;
      const bytes = await readFile(join(entry.parentPath, entry.name)).catch(() => Buffer.alloc(0));
      for (const text of wanted) assert.ok(!bytes.includes(text), `${entry.name} has ${text}`);
    }
  });

  test('is in no column, but where staff and devices are named', async () => {
    const sql = database.line;
    const tables = await sql<{ name: string }[]>`
      SELECT table_name AS name FROM information_schema.tables
      WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`;
    assert.ok(tables.length > 30);
    const values: { readonly column: string; readonly text: string }[] = [];
    for (const { name } of tables)
      for (const { row } of await sql<
        { row: object }[]
      >`SELECT to_jsonb(t) AS row FROM ${sql(name)} t`)
        for (const [column, value] of Object.entries(row))
          values.push({ column: `${name}.${column}`, text: JSON.stringify(value) ?? '' });
    const holding = (text: string): string[] => {
      const hex = Buffer.from(text).toString('hex');
      const found = values.filter((one) => one.text.includes(text) || one.text.includes(hex));
      return [...new Set(found.map(({ column }) => column))].sort();
    };
    assert.deepEqual(holding(SAID), CLEAR);
    for (const secret of secrets()) assert.deepEqual(holding(secret), [], secret);
  });
});
