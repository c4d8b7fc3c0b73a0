/**
 * Daily summaries in the record of another hospital: a second server, reached over a network that fails in
 * every way. What is there afterwards is right, once, and nothing was guessed.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { dayAfter, localDays } from '@ausculta/fhir/local-day';
import type { Observation } from '@medplum/fhirtypes';
import { runCommandLine } from '../apps/cli/src/run.ts';
import { eventually } from './support/server.ts';
import {
  addKnown,
  allSent,
  dayAgo,
  figureOf,
  keptThere,
  measure,
  noonOf,
  ofPatient,
  optIn,
  statusOf,
  summaryThere,
  type WriteBackSample,
  writeBackSample,
} from './support/write-back-sample.ts';

const HOUR_MS = 3_600_000;

const counts =
  (count: number) =>
  (found: Observation): boolean =>
    figureOf(found, 'count') === count;

describe('write-back', () => {
  let sample: WriteBackSample;
  before(async () => {
    sample = await writeBackSample();
  });
  after(async () => {
    const { problems } = sample.here;
    await sample[Symbol.asyncDispose]();
    assert.deepEqual(problems, []);
  });

  test('a day of a patient who was opted in is in the other record, once, as figures', async () => {
    const patient = await addKnown(sample);
    const day = dayAgo(1);
    await measure(sample, patient.device, day, [70, 72, 74, 900]);
    await measure(sample, patient.device, day, [81.5], { metric: 'weight' });
    await optIn(sample, patient);
    const heartRate = await eventually('the heart rate', async () =>
      (await keptThere(sample, patient)).find((one) => one.code.coding?.[0]?.code === '8867-4'),
    );
    assert.equal(heartRate.status, 'final');
    assert.equal(heartRate.subject?.reference, `Patient/${patient.there}`);
    assert.equal(figureOf(heartRate, 'average'), 72);
    assert.equal(figureOf(heartRate, 'minimum'), 70);
    assert.equal(figureOf(heartRate, 'maximum'), 74);
    assert.equal(figureOf(heartRate, 'median'), 72);
    assert.equal(figureOf(heartRate, 'count'), 3);
    assert.equal(figureOf(heartRate, 'total-count'), 4);
    assert.equal(figureOf(heartRate, 'measured'), 0, 'four seconds of a day');
    assert.equal(heartRate.device?.identifier?.value, patient.device.id);
    assert.match(heartRate.effectivePeriod?.start ?? '', new RegExp(`^${day}T00:00:00`));
    await allSent(sample);
    const kept = await keptThere(sample, patient);
    assert.equal(kept.length, 2, 'a weight beside it, and no raw reading');
  });

  test('nobody who was not opted in, and no day before they were', async () => {
    const stranger = await addKnown(sample);
    const late = await addKnown(sample);
    for (const { device } of [stranger, late]) {
      await measure(sample, device, dayAgo(3), [61]);
      await measure(sample, device, dayAgo(1), [62]);
    }
    await optIn(sample, late, { from: dayAgo(2) });
    await summaryThere(sample, late, { day: dayAgo(1), isSo: counts(1) });
    await allSent(sample);
    assert.equal((await keptThere(sample, late)).length, 1);
    assert.equal((await keptThere(sample, stranger)).length, 0);
  });

  test('a reading that comes late, and one that is corrected, make the summary anew', async () => {
    const patient = await addKnown(sample);
    const day = dayAgo(2);
    await optIn(sample, patient);
    await measure(sample, patient.device, day, [70, 72]);
    const first = await summaryThere(sample, patient, { day, isSo: counts(2) });
    await measure(sample, patient.device, day, [90], { fromMs: noonOf(day) + 3_600_000 });
    const second = await summaryThere(sample, patient, { day, isSo: counts(3) });
    assert.equal(second.id, first.id, 'the same resource, in another version');
    assert.equal(second.status, 'amended');
    const correction = {
      time: noonOf(day) + 3_600_000,
      sent: Date.now(),
      values: { 'heart-rate': { value: 80, flags: ['correction'] } },
    };
    const answer = await sample.here.server.send(patient.device, JSON.stringify(correction));
    assert.equal(answer.status, 202, await answer.text());
    await summaryThere(sample, patient, { day, isSo: (one) => figureOf(one, 'maximum') === 80 });
  });

  test('readings that were another patient’s move: the one day is entered in error, the other is told', async () => {
    const wrong = await addKnown(sample);
    const right = await addKnown(sample);
    const day = dayAgo(1);
    await optIn(sample, wrong);
    await optIn(sample, right);
    await measure(sample, wrong.device, day, [70, 72]);
    await summaryThere(sample, wrong, { day, isSo: counts(2) });
    const { server } = sample.here;
    await server.post(`/api/devices/${wrong.device.id}/correction`, {
      subjectId: right.id,
      from: new Date(noonOf(day) - 1).toISOString(),
      until: new Date(noonOf(day) + 3_600_000).toISOString(),
    });
    await summaryThere(sample, right, { day, isSo: counts(2) });
    await summaryThere(sample, wrong, { day, isSo: ({ status }) => status === 'entered-in-error' });
    // And back again.
    await server.post(`/api/devices/${wrong.device.id}/correction`, {
      subjectId: wrong.id,
      from: new Date(noonOf(day) - 1).toISOString(),
      until: new Date(noonOf(day) + 3_600_000).toISOString(),
    });
    await summaryThere(sample, wrong, { day, isSo: ({ status }) => status === 'amended' });
    await summaryThere(sample, right, { day, isSo: ({ status }) => status === 'entered-in-error' });
  });

  test('records that are merged and taken apart again are right there too', async () => {
    const old = await addKnown(sample);
    const kept = await addKnown(sample);
    const day = dayAgo(1);
    await optIn(sample, old);
    await optIn(sample, kept);
    await measure(sample, old.device, day, [70, 72]);
    await summaryThere(sample, old, { day, isSo: counts(2) });
    const { server } = sample.here;
    await server.post(`/api/subjects/${old.id}/merge`, { into: kept.id });
    await summaryThere(sample, kept, { day, isSo: counts(2) });
    await summaryThere(sample, old, { day, isSo: ({ status }) => status === 'entered-in-error' });
    await server.post(`/api/subjects/${old.id}/unmerge`, {});
    await summaryThere(sample, old, { day, isSo: counts(2) });
    await summaryThere(sample, kept, { day, isSo: ({ status }) => status === 'entered-in-error' });
  });

  test('what was said of a record stands while the one it was merged into is not sent', async () => {
    const old = await addKnown(sample);
    const kept = await addKnown(sample);
    const day = dayAgo(1);
    await optIn(sample, old);
    await measure(sample, old.device, day, [70, 72]);
    await summaryThere(sample, old, { day, isSo: counts(2) });
    await allSent(sample);
    const { server } = sample.here;
    await server.post(`/api/subjects/${old.id}/merge`, { into: kept.id });
    const refused = await eventually('why', async () => {
      const [told] = (await ofPatient(sample, old)).destinations;
      return told?.daysRefused[0];
    });
    assert.deepEqual(refused, { day, reason: 'merged into a record that is not sent there' });
    assert.deepEqual(
      (await keptThere(sample, old)).map(({ status }) => status),
      ['final'],
    );
    // Somebody says that the record that goes on is to be sent as well.
    await optIn(sample, kept);
    await server.post('/api/write-back/ehr/retry', {});
    await summaryThere(sample, kept, { day, isSo: counts(2) });
    await summaryThere(sample, old, { day, isSo: ({ status }) => status === 'entered-in-error' });
  });

  test('of records that were merged one after the other, the last one is told of and no other', async () => {
    const [first, second, last] = [
      await addKnown(sample),
      await addKnown(sample),
      await addKnown(sample),
    ];
    const day = dayAgo(1);
    await optIn(sample, first);
    await measure(sample, first.device, day, [70, 72]);
    await summaryThere(sample, first, { day, isSo: counts(2) });
    await allSent(sample);
    const { server } = sample.here;
    await server.post(`/api/subjects/${first.id}/merge`, { into: second.id });
    await server.post(`/api/subjects/${second.id}/merge`, { into: last.id });
    await eventually('why', async () => {
      const [told] = (await ofPatient(sample, first)).destinations;
      return told?.daysRefused[0];
    });
    await optIn(sample, last);
    await server.post('/api/write-back/ehr/retry', {});
    await summaryThere(sample, last, { day, isSo: counts(2) });
    await summaryThere(sample, first, { day, isSo: ({ status }) => status === 'entered-in-error' });
    assert.deepEqual(await keptThere(sample, second), []);
  });

  test('a day is told when it is over where the patient is, in whichever zone it was noted first', async () => {
    const patient = await addKnown(sample);
    // Where a day ends first, and where it ends 25 hours later.
    const [east, west] = ['Pacific/Kiritimati', 'Pacific/Pago_Pago'];
    const over = localDays(east)?.dayOf(Date.now() - 24 * HOUR_MS) ?? '';
    const from = dayAfter(over, -3);
    sample.front.mood = ({ path }) => (path.endsWith('/fhir/R4') ? { status: 503 } : 'pass');
    for (const agoMs of [60_000, 60 * HOUR_MS])
      await measure(sample, patient.device, over, [70], { fromMs: Date.now() - agoMs });
    await optIn(sample, patient, { from, zone: east });
    await eventually('the days that are due', async () =>
      (await statusOf(sample)).daysDue > 0 ? true : undefined,
    );
    await optIn(sample, patient, { from, zone: west });
    sample.front.mood = 'pass';
    await sample.here.server.post('/api/write-back/ehr/retry', {});
    await allSent(sample);
    const days = (await keptThere(sample, patient)).map(({ identifier }) =>
      identifier?.[0]?.value?.slice(-10),
    );
    assert.ok(days.length > 0 && !days.includes(over), `${days.join()} without ${over}`);
    const [own] = (await ofPatient(sample, patient)).destinations;
    assert.ok((own?.daysWaiting ?? 0) > 0, 'it waits');
  });

  const NOBODY = [
    { what: 'nobody there bears the number', there: [], reason: 'nobody-there' },
    { what: 'two there bear it', there: [{}, {}], reason: 'several-there' },
    {
      what: 'who bears it was born on another day',
      there: [{ birthDate: '1950-03-02' }],
      reason: 'other-birth-date-there',
    },
    { what: 'their record is closed', there: [{ active: false }], reason: 'not-active-there' },
  ];

  for (const { what, there, reason } of NOBODY) {
    test(`nothing is sent where ${what}, and it is seen why`, async () => {
      const patient = await addKnown(sample, { there });
      await measure(sample, patient.device, dayAgo(1), [70]);
      await optIn(sample, patient);
      const [told] = await eventually('the reason', async () => {
        const { destinations } = await ofPatient(sample, patient);
        return destinations[0]?.state === 'unmatched' ? destinations : undefined;
      });
      assert.equal(told?.reason, reason);
      assert.ok((await statusOf(sample)).unmatched[reason], 'in the status, without a name');
      assert.equal((await keptThere(sample, patient)).length, 0);
    });
  }

  test('a patient who is found later is sent then', async () => {
    const patient = await addKnown(sample, { there: [{ active: false }] });
    await measure(sample, patient.device, dayAgo(1), [70]);
    await optIn(sample, patient);
    await eventually('nobody', async () =>
      (await ofPatient(sample, patient)).destinations[0]?.state === 'unmatched' ? true : undefined,
    );
    const path = `/fhir/R4/Patient/${patient.there}`;
    const known = await sample.there.server.get<object>(path);
    const body = JSON.stringify({ ...known, active: true });
    const headers = { 'content-type': 'application/fhir+json' };
    await sample.there.server.fetch(path, { method: 'PUT', headers, body });
    await sample.here.server.post('/api/write-back/ehr/retry', {});
    await summaryThere(sample, patient, { day: dayAgo(1), isSo: counts(1) });
  });

  test('nothing more is sent once it is withdrawn; what was sent is listed and stays', async () => {
    const patient = await addKnown(sample);
    const day = dayAgo(1);
    await optIn(sample, patient);
    await measure(sample, patient.device, day, [70]);
    await summaryThere(sample, patient, { day, isSo: counts(1) });
    await sample.here.server.post(`/api/subjects/${patient.id}/write-back/ehr/withdrawal`, {});
    await measure(sample, patient.device, dayAgo(2), [70]);
    await measure(sample, patient.device, day, [71], { fromMs: noonOf(day) + 60_000 });
    const witness = await addKnown(sample);
    await optIn(sample, witness);
    await measure(sample, witness.device, day, [70]);
    await summaryThere(sample, witness, { day, isSo: counts(1) });
    await allSent(sample);
    const [kept, ...more] = await keptThere(sample, patient);
    assert.equal(figureOf(kept, 'count'), 1);
    assert.equal(more.length, 0);
    const { destinations, disclosures } = await ofPatient(sample, patient);
    assert.equal(destinations[0]?.state, 'withdrawn');
    assert.deepEqual(
      disclosures.map(({ destination, day: of, metrics }) => [destination, of, metrics]),
      [['ehr', day, ['heart-rate']]],
    );
  });

  test('a legal hold keeps everything here until it is released', async () => {
    const patient = await addKnown(sample);
    const { server } = sample.here;
    const { id: hold } = await server.post<{ id: string }>(`/api/subjects/${patient.id}/holds`, {
      reason: 'a dispute',
    });
    await optIn(sample, patient);
    await measure(sample, patient.device, dayAgo(1), [70]);
    await eventually('a day that waits', async () => {
      const [told] = (await ofPatient(sample, patient)).destinations;
      return (told?.daysWaiting ?? 0) > 0 ? true : undefined;
    });
    await allSent(sample);
    assert.equal((await keptThere(sample, patient)).length, 0);
    await server.post(`/api/subjects/${patient.id}/holds/${hold}/release`, {});
  });

  test('who is erased is sent nowhere, and the recipient is named in the audit', async () => {
    const patient = await addKnown(sample);
    await optIn(sample, patient);
    await measure(sample, patient.device, dayAgo(1), [70]);
    await summaryThere(sample, patient, { day: dayAgo(1), isSo: counts(1) });
    const { server } = sample.here;
    const { subjects } = await server.get<{
      subjects: { id: string; identity: { recordNumber: string } }[];
    }>('/api/subjects');
    const recordNumber = subjects.find(({ id }) => id === patient.id)?.identity.recordNumber;
    await measure(sample, patient.device, dayAgo(2), [70]);
    const order = { recordNumber, stopMonitoring: true };
    await server.post(`/api/subjects/${patient.id}/erasure`, order);
    const { line } = sample.here.database;
    await eventually('empty tables', async () => {
      const [left] = await line<{ count: number }[]>`
        SELECT (SELECT count(*) FROM write_back_patient WHERE subject_id = ${patient.id})
          + (SELECT count(*) FROM write_back_day WHERE subject_id = ${patient.id})
          + (SELECT count(*) FROM write_back_sent WHERE subject_id = ${patient.id}) AS count`;
      return Number(left?.count) === 0 ? true : undefined;
    });
    const owed = await line`
      SELECT FROM audit_leaf WHERE act = 'erasure-owed-by' AND target = 'destination/ehr'`;
    assert.equal(owed.length, 1);
  });

  const ausculta = async (...args: string[]): Promise<string> => {
    const { url, token } = sample.here.server;
    let told = '';
    const exitCode = await runCommandLine({
      ...{ args, environment: { AUSCULTA_URL: url, AUSCULTA_TOKEN: token } },
      ...{ nowMs: Date.now(), isTerminal: false, readIn: () => Promise.resolve(Buffer.alloc(0)) },
      runOnDatabase: () => Promise.resolve(1),
      writeOut: (text) => {
        told += text;
      },
      writeError: (text) => {
        told += text;
      },
    });
    return `${told}${exitCode}`;
  };

  test('the command line begins, shows, compares and ends, and tells no name', async () => {
    const patient = await addKnown(sample);
    await measure(sample, patient.device, dayAgo(1), [70]);
    const from = dayAgo(2);
    const begun = await ausculta('write-back', 'begin', patient.id, 'ehr', '--from', from);
    assert.match(begun, /Begun.*0$/s);
    await summaryThere(sample, patient, { day: dayAgo(1), isSo: counts(1) });
    await allSent(sample);
    const shown = await ausculta('write-back', 'show', patient.id);
    assert.match(shown, new RegExp(`ehr: found as Patient/${patient.there}, from ${from}`));
    assert.match(shown, new RegExp(`ehr +${dayAgo(1)} +heart-rate`));
    assert.match(await ausculta('write-back', 'reconcile', 'ehr'), /0 different.*through/);
    assert.match(await ausculta('write-back', 'retry', 'ehr'), /Tried again/);
    const status = await ausculta('write-back', 'status');
    assert.match(status, /^ehr +\d+ /m);
    assert.doesNotMatch(status, /Quellwasser|N-/);
    assert.match(await ausculta('write-back', 'end', patient.id, 'ehr'), /Ended/);
    assert.match(await ausculta('write-back', 'begin', patient.id, 'pacs'), /no such destination/);
    const tomorrow = ['--from', '2999-01-01'];
    assert.match(await ausculta('write-back', 'begin', patient.id, 'ehr', ...tomorrow), /from: /);
    const none = ['--from', '2026-02-31'];
    assert.match(await ausculta('write-back', 'begin', patient.id, 'ehr', ...none), /from: /);
    const zone = ['--zone', 'Mars/Base'];
    assert.match(await ausculta('write-back', 'begin', patient.id, 'ehr', ...zone), /zone: /);
  });

  test('no address tells who it is about: names and numbers go in the body', () => {
    for (const { method, path } of sample.front.asked) {
      assert.equal(method, 'POST');
      const searches = ['/fhir/R4/Patient/_search', '/fhir/R4/Observation/_search'];
      assert.ok(['/fhir/R4', ...searches].includes(path), path);
    }
  });
});
