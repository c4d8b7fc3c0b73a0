/** Unusual access is found in the audit, and whoever answers for privacy is told, without a name. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Oversight, OversightWaiting } from '@ausculta/contract/oversight';
import { writeHint } from '../apps/server/src/oversight/store.ts';
import { type MailReceiver, mailReceiver } from './support/mail-receiver.ts';
import { Asking, otherOrganisation, type Person, signedIn } from './support/people.ts';
import { eventually, type ServerHere, startServerHere, type TestDevice } from './support/server.ts';
import { mailSettingsFor } from './support/subscription-sample.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const HOUR_MS = 3_600_000;

describe('unusual access', () => {
  let receiver: MailReceiver;
  let here: ServerHere;
  let asking: Asking;
  let ada: TestDevice;
  let auditor: Person;
  let turnedMs = 0;
  before(async () => {
    receiver = await mailReceiver();
    const { config } = mailSettingsFor(receiver, 'privacy@ward.example');
    here = await startServerHere({
      config: { ...config, trustedProxies: ['127.0.0.1', '::1'] },
      outside: { nowMs: () => Date.now() + turnedMs },
    });
    asking = new Asking(here.server);
    ada = await here.server.addPatient('Quellwasser');
    auditor = await signedIn(here, ['auditor']);
  });
  after(async () => {
    await here?.[Symbol.asyncDispose]();
    await receiver?.[Symbol.asyncDispose]();
  });

  const oversight = (who = auditor) => asking.json<Oversight>(who, '/api/oversight');
  const waiting = (who = auditor) => asking.json<OversightWaiting>(who, '/api/oversight/waiting');
  const hint = (kind: string, accountId: string) =>
    eventually(`${kind} of an account`, async () =>
      (await oversight()).unusual.find((one) => one.kind === kind && one.accountId === accountId),
    );
  const hintsOf = async ({ accountId }: Person) =>
    (await oversight()).unusual.filter((one) => one.accountId === accountId);
  const look = async (who: Person, { subjectId } = ada, headers = {}) => {
    const answer = await asking.as(who, `/api/subjects/${subjectId}`, { headers });
    assert.equal(answer.status, 200);
  };
  const guard = async (method: 'PUT' | 'DELETE', who = auditor) =>
    (await asking.as(who, `/api/subjects/${ada.subjectId}/guard`, { method })).status;
  const nurseNamed = async (name: string) => {
    const nurse = await signedIn(here, ['nurse']);
    const sql = here.database.line;
    await sql`UPDATE account SET display_name = ${name} WHERE id = ${nurse.accountId}`;
    const shift = { accountId: nurse.accountId, unit: null };
    const { id } = await here.server.post<{ id: string }>('/api/shifts', shift);
    return { ...nurse, shiftId: id };
  };
  const review = async (id: string, who = auditor, body: object = { outcome: 'explained' }) =>
    (
      await asking.as(who, `/api/oversight/${id}/review`, {
        ...{ method: 'POST', headers: JSON_TYPE, body: JSON.stringify(body) },
      })
    ).status;

  test('a guarded record tells each look by somebody else, and none before or after', async () => {
    const [early, nurse, late] = [
      await nurseNamed('Noor One'),
      await nurseNamed('Noor Two'),
      await nurseNamed('Noor Three'),
    ];
    const own = await signedIn(here, ['patient']);
    await asking.relate(own, ada, 'self');
    await look(early);
    assert.equal(await guard('PUT', nurse), 403);
    assert.equal(await guard('PUT'), 204);
    assert.deepEqual(
      (await oversight()).guarded.map(({ subjectId }) => subjectId),
      [ada.subjectId],
    );
    await asking.as(own, `/api/subjects/${ada.subjectId}`);
    const report = `/api/subjects/${ada.subjectId}/accesses`;
    assert.equal((await asking.as(auditor, report)).status, 200);
    await look(nurse);
    const found = await hint('guarded-record', nurse.accountId);
    assert.equal(found.name, 'Noor Two');
    assert.equal(found.subjectId, ada.subjectId);
    assert.equal(found.outcome, null);
    assert.equal(await guard('DELETE'), 204);
    await look(late);
    // What was looked at later is followed later: by then the others have been.
    const bert = await here.server.addPatient('Late');
    const last = await nurseNamed('Nia Late');
    await look(last, bert);
    await hint('same-name', last.accountId);
    for (const who of [early, late, own]) assert.deepEqual(await hintsOf(who), []);
    assert.equal((await hintsOf(nurse)).length, 1);
    const ofAuditor = (await hintsOf(auditor)).map(({ kind }) => kind);
    assert.deepEqual(ofAuditor, ['guard-ended'], 'to look at the audit is no look at a record');
  });

  test('whoever has left their shift and still looks is told of', async () => {
    const nurse = await nurseNamed('Olga Off');
    await asking.relate(nurse, ada, 'care-team');
    await look(nurse);
    const { accountId, shiftId } = nurse;
    await here.server.post(`/api/accounts/${accountId}/shifts/${shiftId}/end`, {});
    turnedMs += 1_000;
    await look(nurse);
    await hint('off-shift', nurse.accountId);
    assert.deepEqual(
      (await hintsOf(nurse)).map(({ kind }) => kind),
      ['off-shift'],
    );
  });

  test('forty records opened within an hour are many, thirty-nine are not, and a list opens none', async () => {
    const devices = await Promise.all(
      Array.from({ length: 40 }, (_, at) => here.server.addPatient(`Many${at}`)),
    );
    const [some, many] = [await nurseNamed('Sue Some'), await nurseNamed('Mia Many')];
    for (const device of devices.slice(1)) await look(some, device);
    assert.equal((await asking.as(some, '/api/subjects')).status, 200);
    for (const device of devices) await look(many, device);
    const found = await hint('many-records', many.accountId);
    assert.ok((found.records ?? 0) >= 40);
    assert.equal(found.usual, null, 'nothing is usual yet');
    assert.equal(found.subjectId, null);
    assert.deepEqual(await hintsOf(some), []);
  });

  test('one account at two places within minutes is told, and its address nowhere', async () => {
    const nurse = await nurseNamed('Tom Two');
    await look(nurse, ada, { 'x-forwarded-for': '10.0.0.7' });
    await look(nurse, ada, { 'x-forwarded-for': '10.0.9.7' });
    await look(nurse, ada, { 'x-forwarded-for': '203.0.113.9' });
    await hint('two-networks', nurse.accountId);
    const kept = await here.database.line`SELECT to_jsonb(u)::text AS row FROM unusual_access AS u`;
    assert.ok(!JSON.stringify(kept).includes('203.0.113'));
  });

  test('whoever reviews says what they made of it, once, and never of themself', async () => {
    const both = await signedIn(here, ['nurse', 'auditor']);
    const shift = { accountId: both.accountId, unit: null };
    await here.server.post('/api/shifts', shift);
    assert.equal(await guard('PUT'), 204);
    await look(both);
    const { id } = await hint('guarded-record', both.accountId);
    const before = (await waiting()).unusual;
    assert.equal(await review(id, both), 404);
    assert.equal(await review(id, auditor, { outcome: 'whatever' }), 400);
    assert.equal(await review('nothing'), 404);
    assert.equal(await review(id), 204);
    assert.equal(await review(id), 404, 'once');
    assert.equal((await waiting()).unusual, before - 1);
    const acts = await here.database.line<{ act: string }[]>`
      SELECT act FROM audit_leaf WHERE target = ${`account/${both.accountId}`}`;
    assert.ok(acts.some(({ act }) => act === 'unusual-access-reviewed'));
    await guard('DELETE');
  });

  test('two patients in one question are two looks, and an explanation explains its day', async () => {
    const eva = await here.server.addPatient('Eva');
    const nurse = await nurseNamed('Pia Pair');
    const guarded = () =>
      hintsOf(nurse).then((all) => all.filter(({ outcome }) => outcome === null));
    assert.equal(await guard('PUT'), 204);
    const path = `/fhir/R4/Patient?_id=${eva.subjectId},${ada.subjectId}`;
    assert.equal((await asking.as(nurse, path)).status, 200);
    const first = await hint('guarded-record', nurse.accountId);
    assert.equal(first.subjectId, ada.subjectId);
    assert.equal(await review(first.id, auditor, { outcome: 'followed-up' }), 204);
    await look(nurse);
    const [next] = await eventually('what goes on after it was followed up', async () => {
      const open = await guarded();
      return open.length > 0 ? open : undefined;
    });
    assert.equal(await review(next?.id ?? ''), 204);
    await look(nurse);
    const last = await nurseNamed('Nia Eva');
    await look(last, eva);
    await hint('same-name', last.accountId);
    assert.deepEqual(await guarded(), []);
    await guard('DELETE');
  });

  test('twice as many as were explained are a hint again', async () => {
    const { accountId } = await nurseNamed('Kim Counts');
    const { organisationId } = auditor;
    const many = (records: number) =>
      writeHint(here.database.line, {
        ...{ organisationId, id: randomUUID() },
        hint: {
          kind: 'many-records',
          accountId,
          subjectId: null,
          atMs: Date.now() + turnedMs,
          records,
        },
      });
    await many(40);
    const { id } = await hint('many-records', accountId);
    assert.equal(await review(id), 204);
    turnedMs += 1_000;
    const open = async () =>
      (await oversight()).unusual.filter((one) => one.accountId === accountId && !one.outcome)
        .length;
    await many(79);
    assert.equal(await open(), 0);
    await many(80);
    assert.equal(await open(), 1);
  });

  test('who ends a guard is told to another auditor; what was never guarded ends without a word', async () => {
    const both = await signedIn(here, ['nurse', 'auditor']);
    assert.equal(await guard('PUT'), 204);
    assert.equal(await guard('DELETE', both), 204);
    const { id } = await hint('guard-ended', both.accountId);
    assert.equal(await review(id, both), 404);
    const acts = () => here.database.line`SELECT 1 FROM audit_leaf WHERE act = 'record-unguarded'`;
    const before = (await acts()).length;
    assert.equal(await guard('DELETE', both), 204);
    assert.equal((await acts()).length, before);
  });

  test('a piece of the audit that cannot be read is said, and the rest is looked at', async () => {
    const sql = here.database.line;
    const { organisationId } = auditor;
    const now = Date.now();
    await sql`
      INSERT INTO audit_read (organisation_id, id, at_ms, until_ms, count, subjects, entries)
      VALUES (${organisationId}, ${randomUUID()}, ${now}, ${now}, 1, ${[ada.subjectId]}::uuid[],
        ${Buffer.from('nothing that was written')})`;
    await eventually('it is said', async () =>
      (await oversight()).unreadable === 1 ? true : undefined,
    );
    const nurse = await nurseNamed('Uma Quellwasser');
    await look(nurse);
    await hint('same-name', nurse.accountId);
    const { lookedUntil, more } = await oversight();
    assert.ok(Date.now() + turnedMs - Date.parse(lookedUntil ?? '') < 60_000);
    assert.equal(more, false);
    assert.ok(here.problems.length > 0, 'the operator’s log says it');
  });

  test('another house sees none of it, and nobody but auditors', async () => {
    const elsewhere = await signedIn(here, ['auditor'], await otherOrganisation(here, 'Elsewhere'));
    const { unusual, guarded } = await oversight(elsewhere);
    assert.deepEqual([unusual, guarded], [[], []]);
    assert.deepEqual(await waiting(elsewhere), { emergencies: 0, unusual: 0 });
    assert.equal(await guard('PUT', elsewhere), 404);
    const [one] = (await oversight()).unusual;
    assert.equal(await review(one?.id ?? '', elsewhere), 404);
    const nurse = await nurseNamed('Nobody At All');
    for (const path of ['/api/oversight', '/api/oversight/waiting'])
      assert.equal((await asking.as(nurse, path)).status, 403, path);
  });

  test('an emergency access is told by mail at once, also when the relay comes back late', async () => {
    const physician = await signedIn(here, ['physician']);
    const breakGlass = async (subjectId: string) => {
      const body = JSON.stringify({ reason: 'Ottilie was found without a pulse' });
      const path = `/api/subjects/${subjectId}/break-glass`;
      const options = { method: 'POST', headers: JSON_TYPE, body };
      assert.equal((await asking.as(physician, path, options)).status, 201);
    };
    const told = (subject: RegExp) =>
      eventually(`a mail: ${subject.source}`, () =>
        receiver.taken.find((mail) => subject.test(mail.subject)),
      );
    await breakGlass(ada.subjectId);
    const mail = await told(/1 emergency access/);
    assert.deepEqual(mail.to, ['privacy@ward.example']);
    assert.doesNotMatch(mail.raw, /Ottilie|Quellwasser|pulse/);
    assert.ok(!mail.raw.includes(ada.subjectId) && !mail.raw.includes(physician.accountId));
    const cass = await here.server.addPatient('Cass');
    receiver.answer = 451;
    const tried = receiver.tried();
    const count = receiver.taken.length;
    await breakGlass(cass.subjectId);
    // Not sooner than a minute after the server knew that the last was taken.
    await eventually('a try', () => {
      turnedMs += 1_000;
      return receiver.tried() > tried ? true : undefined;
    });
    await eventually('the screen says so', async () =>
      (await oversight()).mail === 'failing' ? true : undefined,
    );
    receiver.answer = 'take';
    await eventually('the mail after all', () => {
      turnedMs += 1_000;
      return receiver.taken.length > count ? true : undefined;
    });
    await eventually('all is told', async () =>
      (await oversight()).mail === 'sent' ? true : undefined,
    );
    assert.equal((await waiting()).emergencies, 2);
    turnedMs += HOUR_MS;
  });
});
