/** Write-back over a network that fails, to a record that refuses, with a server that dies in between. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Reconciliation, WriteBackStatus } from '@ausculta/contract/write-back';
import type { Bundle } from '@medplum/fhirtypes';
import { runCommand, startServerProcess } from './support/program.ts';
import { eventually } from './support/server.ts';
import type { Mood } from './support/unsteady-front.ts';
import {
  addKnown,
  allSent,
  dayAgo,
  figureOf,
  keptThere,
  measure,
  NUMBERS,
  noonOf,
  ofPatient,
  optIn,
  statusOf,
  summaryThere,
  type WriteBackSample,
  writeBackSample,
} from './support/write-back-sample.ts';

const BASE = '/fhir/R4';

describe('write-back over a network that fails', () => {
  let sample: WriteBackSample;
  before(async () => {
    sample = await writeBackSample();
  });
  after(async () => {
    const { problems } = sample.here;
    await sample[Symbol.asyncDispose]();
    assert.deepEqual(problems, []);
  });
  beforeEach(() => {
    sample.front.mood = 'pass';
    sample.front.asked.length = 0;
  });

  const daysSent = (): string[] =>
    sample.front.asked
      .filter(({ path, status }) => path === BASE && status === 200)
      .map(({ body }) => {
        const [entry] = (JSON.parse(body) as Bundle).entry ?? [];
        const { resource } = entry ?? {};
        assert.ok(resource?.resourceType === 'Observation');
        return resource.identifier?.[0]?.value?.slice(-10) ?? '';
      });

  const FAILURES: readonly { what: string; mood: Mood; why: RegExp }[] = [
    { what: 'answers 503', mood: { status: 503 }, why: /503/ },
    { what: 'answers 429', mood: { status: 429 }, why: /429/ },
    { what: 'takes no credentials', mood: { status: 401 }, why: /credentials/ },
    { what: 'is not where it was', mood: { status: 404 }, why: /404.*url/ },
    { what: 'sends elsewhere', mood: { status: 307 }, why: /not followed/ },
    { what: 'cuts the connection', mood: 'cut', why: /reached/ },
    { what: 'takes it, and its answer is lost', mood: 'deaf', why: /reached/ },
    { what: 'takes it, and its answer breaks off', mood: 'half', why: /broke off/ },
  ];

  for (const { what, mood, why } of FAILURES) {
    test(`a destination that ${what} is asked again until the day is there, once`, async () => {
      const patient = await addKnown(sample);
      await measure(sample, patient.device, dayAgo(1), [70, 72]);
      // It fails until somebody has seen it: a busy machine may look late.
      let isSeen = false;
      sample.front.mood = ({ path }) => (path !== BASE || isSeen ? 'pass' : mood);
      await optIn(sample, patient);
      const seen = await eventually('the trouble in the status', async () => {
        const status = await statusOf(sample);
        return status.failingSince === null ? undefined : status;
      });
      isSeen = true;
      assert.match(seen.problem ?? '', why);
      assert.ok(seen.retryAt !== null && seen.daysWaiting > 0, 'it waits, and says so');
      await summaryThere(sample, patient, { day: dayAgo(1), isSo: () => true });
      await allSent(sample);
      assert.equal((await keptThere(sample, patient)).length, 1);
      assert.equal((await statusOf(sample)).failingSince, null);
      assert.equal((await ofPatient(sample, patient)).disclosures.length, 1);
    });
  }

  test('a destination is not asked before the time that it has asked for', async () => {
    const patient = await addKnown(sample);
    await measure(sample, patient.device, dayAgo(1), [70]);
    sample.front.mood = ({ path }) =>
      path === BASE ? { status: 429, retryAfter: '3600' } : 'pass';
    await optIn(sample, patient);
    const { retryAt } = await eventually('its wish', async () => {
      const status = await statusOf(sample);
      return status.retryAt === null ? undefined : status;
    });
    const waitsMs = Date.parse(retryAt ?? '') - Date.now();
    assert.ok(waitsMs > 3_500_000 && waitsMs < 3_620_000, `${waitsMs}`);
    const asked = sample.front.asked.length;
    await measure(sample, patient.device, dayAgo(2), [70]);
    await eventually('another day that is due', async () =>
      (await statusOf(sample)).daysDue >= 2 ? true : undefined,
    );
    assert.equal(sample.front.asked.length, asked);
    // Somebody knows that it is back.
    sample.front.mood = 'pass';
    await sample.here.server.post('/api/write-back/ehr/retry', {});
    await summaryThere(sample, patient, { day: dayAgo(1), isSo: () => true });
    await allSent(sample);
  });

  test('after an outage the days are told in their order', async () => {
    sample.front.mood = { status: 503 };
    const [one, two] = [await addKnown(sample), await addKnown(sample)];
    for (const { device } of [two, one])
      for (const ago of [1, 3, 2]) await measure(sample, device, dayAgo(ago), [70 + ago]);
    await optIn(sample, one);
    await optIn(sample, two);
    await eventually('the outage', async () =>
      (await statusOf(sample)).failingSince === null ? undefined : true,
    );
    sample.front.mood = 'pass';
    await sample.here.server.post('/api/write-back/ehr/retry', {});
    for (const patient of [one, two])
      await summaryThere(sample, patient, { day: dayAgo(1), isSo: () => true });
    assert.deepEqual(
      daysSent(),
      [3, 3, 2, 2, 1, 1].map((ago) => dayAgo(ago)),
    );
  });

  test('what is refused for good stands aside with its reason, and the others go on', async () => {
    const [bad, good] = [await addKnown(sample), await addKnown(sample)];
    const words = 'Ottilie Quellwasser is not wanted';
    const issue = [{ severity: 'error', code: 'business-rule', diagnostics: words }];
    const body = JSON.stringify({ resourceType: 'OperationOutcome', issue });
    sample.front.mood = (asked) =>
      asked.path === BASE && asked.body.includes(bad.there ?? '?') ? { status: 422, body } : 'pass';
    for (const { device } of [bad, good]) await measure(sample, device, dayAgo(2), [70]);
    await optIn(sample, bad);
    await optIn(sample, good);
    await summaryThere(sample, good, { day: dayAgo(2), isSo: () => true });
    const status = await eventually('the refusal', async () => {
      const told = await statusOf(sample);
      return told.daysRefused > 0 ? told : undefined;
    });
    assert.deepEqual(status.refusals, { 'answered 422 (business-rule)': 1 });
    assert.ok(!JSON.stringify(status).includes('Ottilie'), 'its words may name a patient');
    const [own] = (await ofPatient(sample, bad)).destinations;
    assert.deepEqual(own?.daysRefused, [
      { day: dayAgo(2), reason: 'answered 422 (business-rule)' },
    ]);
    sample.front.mood = 'pass';
    await sample.here.server.post('/api/write-back/ehr/retry', {});
    await summaryThere(sample, bad, { day: dayAgo(2), isSo: () => true });
    assert.equal((await statusOf(sample)).daysRefused, 0);
  });

  test('a day over which a destination stumbles waits by itself, and the others go on', async () => {
    const [bad, good] = [await addKnown(sample), await addKnown(sample)];
    sample.front.mood = (asked) =>
      asked.path === BASE && asked.body.includes(bad.there ?? '?') ? { status: 500 } : 'pass';
    for (const { device } of [bad, good]) await measure(sample, device, dayAgo(2), [70]);
    await optIn(sample, bad);
    await eventually('the stumble', () =>
      sample.front.asked.some(({ status }) => status === 500) ? true : undefined,
    );
    await optIn(sample, good);
    await summaryThere(sample, good, { day: dayAgo(2), isSo: () => true });
    sample.front.mood = 'pass';
    await summaryThere(sample, bad, { day: dayAgo(2), isSo: () => true });
  });

  test('an outage is over as soon as something is answered, be it a refusal', async () => {
    const patient = await addKnown(sample);
    await measure(sample, patient.device, dayAgo(1), [70]);
    sample.front.mood = ({ path }) => (path === BASE ? { status: 503 } : 'pass');
    await optIn(sample, patient);
    await eventually('the outage', async () =>
      (await statusOf(sample)).failingSince === null ? undefined : true,
    );
    sample.front.mood = ({ path }) => (path === BASE ? { status: 422 } : 'pass');
    await sample.here.server.post('/api/write-back/ehr/retry', {});
    await eventually('the refusal', async () =>
      (await statusOf(sample)).daysRefused > 0 ? true : undefined,
    );
    assert.equal((await statusOf(sample)).failingSince, null);
    sample.front.mood = 'pass';
    await sample.here.server.post('/api/write-back/ehr/retry', {});
    await allSent(sample);
  });

  test('reconciliation finds what is missing, changed and doubled there, and mends what it may', async () => {
    const patient = await addKnown(sample);
    for (const ago of [1, 2, 3]) await measure(sample, patient.device, dayAgo(ago), [70, 74]);
    await optIn(sample, patient);
    await summaryThere(sample, patient, { day: dayAgo(1), isSo: () => true });
    await allSent(sample);
    const there = sample.there.server;
    const headers = { 'content-type': 'application/fhir+json' };
    const of = async (ago: number) =>
      await summaryThere(sample, patient, { day: dayAgo(ago), isSo: () => true });
    const { id: gone } = await of(1);
    await there.fetch(`${BASE}/Observation/${gone}`, { method: 'DELETE' });
    const changed = await of(2);
    const body = JSON.stringify({ ...changed, component: changed.component?.slice(1) });
    await there.fetch(`${BASE}/Observation/${changed.id}`, { method: 'PUT', headers, body });
    const doubled = await of(3);
    await there.fetch(`${BASE}/Observation`, {
      ...{ method: 'POST', headers, body: JSON.stringify({ ...doubled, id: undefined }) },
    });
    const reconciled = async (send: boolean): Promise<Reconciliation> => {
      await sample.here.server.post('/api/write-back/ehr/reconciliation', { send });
      return await eventually('the comparison', async () => {
        const { reconciliation } = await statusOf(sample);
        return reconciliation?.endedAt == null ? undefined : reconciliation;
      });
    };
    const looked = await reconciled(false);
    const { missing, different, doubled: twice, sentAgain } = looked;
    assert.deepEqual([missing, different, twice, sentAgain], [1, 1, 1, 0]);
    assert.equal(looked.checked, looked.same + 3);
    const mended = await reconciled(true);
    assert.equal(mended.sentAgain, 2);
    await eventually('both days', async () => {
      const kept = await keptThere(sample, patient);
      const whole = kept.filter((one) => figureOf(one, 'average') === 72);
      return whole.length === 4 ? true : undefined;
    });
    await allSent(sample);
    const after = await reconciled(false);
    assert.deepEqual([after.missing, after.different, after.doubled], [0, 0, 1]);
  });

  test('what is decided while the other record is asked holds', async () => {
    const patient = await addKnown(sample);
    await measure(sample, patient.device, dayAgo(2), [70]);
    let isDecided = false;
    sample.front.mood = async ({ path }): Promise<Mood> => {
      if (path !== `${BASE}/Patient/_search` || isDecided) return 'pass';
      isDecided = true;
      await optIn(sample, patient, { from: dayAgo(3), zone: 'America/New_York' });
      return 'pass';
    };
    await optIn(sample, patient);
    const { id } = await summaryThere(sample, patient, { day: dayAgo(2), isSo: () => true });
    assert.ok(id !== undefined && isDecided);
    const [told] = (await ofPatient(sample, patient)).destinations;
    assert.deepEqual([told?.zone, told?.from], ['America/New_York', dayAgo(3)]);
  });

  test('what went into a wrong record is told of the right one, though nobody was found between', async () => {
    const patient = await addKnown(sample);
    await measure(sample, patient.device, dayAgo(2), [70]);
    await optIn(sample, patient);
    await summaryThere(sample, patient, { day: dayAgo(2), isSo: () => true });
    await allSent(sample);
    const { server } = sample.here;
    const headers = { 'content-type': 'application/fhir+json' };
    const path = `${BASE}/Patient/${patient.id}`;
    const correct = async (value: string): Promise<void> => {
      const known = await server.get<object>(path);
      const body = JSON.stringify({ ...known, identifier: [{ system: NUMBERS, value }] });
      assert.ok((await server.fetch(path, { method: 'PUT', headers, body })).ok);
    };
    // Nothing else is due: that the number has changed is enough.
    await correct('N-nobody');
    await eventually('nobody', async () => {
      const [told] = (await ofPatient(sample, patient)).destinations;
      return told?.reason === 'nobody-there' ? true : undefined;
    });
    const right = await addKnown(sample);
    await correct(right.number);
    const moved = await summaryThere(sample, right, { day: dayAgo(2), isSo: () => true });
    assert.equal(moved.subject?.reference, `Patient/${right.there}`);
    assert.equal((await keptThere(sample, patient)).length, 0, 'and in no other');
  });

  test('a patient who has become another record there is told of in that one', async () => {
    const patient = await addKnown(sample);
    await measure(sample, patient.device, dayAgo(2), [70]);
    await optIn(sample, patient);
    await summaryThere(sample, patient, { day: dayAgo(2), isSo: () => true });
    const path = `${BASE}/Patient/${patient.there}`;
    const known = await sample.there.server.get<{ identifier: object[] }>(path);
    const headers = { 'content-type': 'application/fhir+json' };
    const { identifier } = known;
    const old = JSON.stringify({ ...known, identifier: [] });
    await sample.there.server.fetch(path, { method: 'PUT', headers, body: old });
    const next = { resourceType: 'Patient', identifier, birthDate: '1950-03-01' };
    const made = await sample.there.server.fetch(`${BASE}/Patient`, {
      ...{ method: 'POST', headers, body: JSON.stringify(next) },
    });
    const { id } = (await made.json()) as { id: string };
    // Asked for anew, as it is each day.
    await optIn(sample, patient, { from: dayAgo(2) });
    const moved = await summaryThere(
      sample,
      { ...patient, there: id },
      { day: dayAgo(2), isSo: () => true },
    );
    assert.equal(moved.subject?.reference, `Patient/${id}`);
    assert.equal((await keptThere(sample, patient)).length, 0, 'and in no other');
  });
});

test('a server that is killed when its summary has just been taken tells the day once', async () => {
  await using sample = await writeBackSample();
  const dataDir = await mkdtemp(join(tmpdir(), 'ausculta-test-'));
  const settings = { AUSCULTA_WRITE_BACK: sample.file };
  let running = await startServerProcess(dataDir, settings);
  try {
    const here = { server: running.server };
    const sides = { here, there: sample.there };
    const patient = await addKnown(sides);
    const day = dayAgo(1);
    sample.front.mood = ({ path }) => (path === BASE ? 'stuck' : 'pass');
    await optIn(sides, patient);
    await measure(sides, patient.device, day, [70, 72]);
    await summaryThere(sides, patient, { day, isSo: () => true });
    // A reading that no chunk and no checkpoint has, when it dies.
    await measure(sides, patient.device, day, [80], { fromMs: noonOf(day) + 60_000 });
    await running.kill();
    sample.front.mood = 'pass';
    running = await startServerProcess(dataDir, settings);
    const again = { ...sides, here: { server: running.server } };
    await summaryThere(again, patient, { day, isSo: (one) => figureOf(one, 'count') === 3 });
    await allSent(again);
    assert.equal((await keptThere(again, patient)).length, 1);
    const { destinations } = await running.server.get<WriteBackStatus>('/api/write-back');
    assert.equal(destinations[0]?.patients.found, 1);
    await running.stop();
    const { code, output } = await runCommand(['verify'], { AUSCULTA_DATA_DIR: dataDir });
    assert.equal(code, 0, output.stderr);
    assert.match(output.stdout, /summary that was sent/);
  } finally {
    await running[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  }
});
