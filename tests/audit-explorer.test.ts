/** The audit as whoever keeps it looks through it: by account, person, kind and time, as pages and as a table. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { AuditHeads, AuditPage } from '@ausculta/contract/audit';
import { trailCursorText } from '../apps/server/src/audit/trail-cursor.ts';
import { openConnection } from '../apps/server/src/database/pool.ts';
import { Asking, ownOrganisation, type Person, signedIn } from './support/people.ts';
import {
  eventually,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from './support/server.ts';

let here: ServerHere;
let server: ServerUnderTest;
let asking: Asking;
let auditor: Person;
let doctor: Person;
let ada: TestDevice;

const page = async (query = ''): Promise<AuditPage> =>
  AuditPage.parse(await asking.json(auditor, `/api/audit?${query}`));

async function all(query: string): Promise<AuditPage['entries']> {
  const entries: AuditPage['entries'] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const one: AuditPage = await page(cursor === '' ? query : `${query}&cursor=${cursor}`);
    entries.push(...one.entries);
    cursor = one.next;
  }
  return entries;
}

/** A day of verification passes whenever a test says so. */
let verify: (() => void) | undefined;

const heads = async (): Promise<AuditHeads> =>
  AuditHeads.parse(await asking.json(auditor, '/api/audit/heads'));

describe('the audit', () => {
  before(async () => {
    const every = (ms: number, run: () => void) => {
      if (ms === 24 * 3_600_000) verify = run;
      const timer = setInterval(run, ms);
      return () => clearInterval(timer);
    };
    here = await startServerHere({ outside: { every } });
    server = here.server;
    asking = new Asking(server);
    auditor = await signedIn(here, ['auditor']);
    doctor = await signedIn(here, ['physician']);
    ada = await server.addPatient('Quagswaggerin');
    await asking.relate(doctor, ada, 'care-team');
    for (let i = 0; i < 3; i += 1) await asking.json(doctor, `/fhir/R4/Patient/${ada.subjectId}`);
  });
  after(() => here[Symbol.asyncDispose]());

  test('is told the newest first, page by page, with nothing twice and nothing left out', async () => {
    const to = new Date().toISOString();
    const whole = await all(`to=${to}&limit=500`);
    const inPages = await all(`to=${to}&limit=2`);
    assert.ok(whole.length >= 5, `${whole.length} entries`);
    assert.deepEqual(
      inPages.map(({ id }) => id),
      whole.map(({ id }) => id),
    );
    assert.doesNotMatch(JSON.stringify(whole), /Quagswaggerin/);
  });

  test('is found by account, person, kind and time', async () => {
    const ofDoctor = await all(`who=${doctor.accountId}&limit=1`);
    assert.equal(ofDoctor.length, 3);
    for (const { name, subjects, route } of ofDoctor) {
      assert.deepEqual([name, subjects], ['Somebody', [ada.subjectId]]);
      assert.equal(route, '/fhir/R4/:type/:id');
    }
    const ofAda = await all(`subject=${ada.subjectId}&limit=2`);
    assert.ok(ofAda.length > 3);
    for (const { subjects } of ofAda) assert.ok(subjects.includes(ada.subjectId));
    const access = await all('kind=access');
    assert.deepEqual(
      access.map(({ act, target }) => [act, target]),
      [['relation-begun', `subject/${ada.subjectId}`]],
    );
    const looked = await all(`kind=looking&who=${doctor.accountId}`);
    assert.equal(looked.length, 3);
    assert.deepEqual(await all('to=2020-01-01T00:00:00Z'), []);
    for (const query of ['kind=gossip', 'limit=0', 'limit=501', 'cursor=nonsense', 'other=1'])
      assert.equal((await asking.as(auditor, `/api/audit?${query}`)).status, 400, query);
  });

  test('a cursor that was bent is refused, and never a question to the database', async () => {
    const bent = { ms: 1, id: 'x', told: 0 };
    for (const stream of ['acts', 'reads'] as const) {
      const start = { acts: undefined, reads: undefined, disclosures: undefined, [stream]: bent };
      const cursor = trailCursorText({ toMs: Date.now(), start });
      const own = await asking.as(auditor, `/api/audit?cursor=${cursor}`);
      assert.equal(own.status, 400);
      assert.match(await own.text(), /PAYLOAD_MALFORMED/);
      const fhir = await asking.as(auditor, `/fhir/R4/AuditEvent?_cursor=audit.${cursor}`);
      assert.equal(fhir.status, 400);
      assert.match(await fhir.text(), /OperationOutcome/);
    }
  });

  test('who looks through it is in it, also where nobody is named', async () => {
    await page('kind=sign-in');
    const own = await all(`who=${auditor.accountId}&kind=looking&limit=500`);
    assert.ok(own.some(({ route, people }) => route === '/api/audit' && people === 0));
    for (const person of [doctor, await signedIn(here, ['administrator'])])
      for (const path of ['/api/audit', '/api/audit/table', '/api/audit/heads'])
        assert.equal((await asking.as(person, path)).status, 403, path);
  });

  test('whoever reads, however often, makes no more heads than seconds pass', async () => {
    const count = async () =>
      (await here.database.line<{ n: number }[]>`SELECT count(*)::int AS n FROM audit_head`)[0]
        ?.n ?? 0;
    const [before, begunMs] = [await count(), performance.now()];
    for (let wave = 0; wave < 2; wave += 1) {
      const many = Array.from({ length: 15 }, (_, i) =>
        i % 3 === 0 ? page() : asking.as(auditor, '/fhir/R4/AuditEvent?_count=1'),
      );
      await Promise.all(many);
    }
    const seconds = (performance.now() - begunMs) / 1_000;
    const made = (await count()) - before;
    // One a second by itself, and one by reading; and that which was under way.
    assert.ok(made <= 2 * seconds + 3, `${made} heads in ${seconds} s`);
  });

  test('a table has the same lines, and no cell that a spreadsheet would run', async () => {
    const formula = '=HYPERLINK("http://evil.example","Ada")';
    await here.database.line`
      UPDATE account SET display_name = ${formula} WHERE id = ${doctor.accountId}`;
    const answer = await asking.as(auditor, `/api/audit/table?who=${doctor.accountId}`);
    assert.match(answer.headers.get('content-type') ?? '', /^text\/csv/);
    const lines = (await answer.text()).trimEnd().split('\r\n');
    assert.equal(lines.length, 4);
    assert.match(lines[0] ?? '', /^time,kind,act,who,name,/);
    for (const line of lines.slice(1)) assert.match(line, /,"'=HYPERLINK\(""/);
  });

  test('its heads say how many entries are in order, and that they are as they were signed', async () => {
    const started = await heads();
    assert.ok((started.newest?.entries ?? 0) > 0);
    assert.equal(started.contradicted, false);
    verify?.();
    const { verified } = await eventually('a verification', async () => {
      const now = await heads();
      return now.verified === null ? undefined : now;
    });
    assert.deepEqual([verified?.faults, verified?.found], [0, []]);
  });

  test('an entry that somebody alters is named', async () => {
    const sql = here.database.line;
    const organisationId = await ownOrganisation(here);
    const [leaf] = await sql<{ id: string }[]>`
      SELECT id FROM audit_leaf WHERE organisation_id = ${organisationId}
      AND act = 'relation-begun'`;
    const superuser = openConnection(here.database.superuser);
    await superuser.unsafe('SET session_replication_role = replica');
    await superuser`UPDATE audit_leaf SET act = 'relation-ended' WHERE id = ${leaf?.id ?? ''}`;
    await superuser.end();
    const { verified } = await eventually('what was found', async () => {
      // One that is under way may have passed the entry already.
      verify?.();
      const now = await heads();
      return (now.verified?.faults ?? 0) > 0 ? now : undefined;
    });
    assert.deepEqual(
      verified?.found.map(({ what, id }) => [what, id]),
      [['altered', leaf?.id]],
    );
  });
});
