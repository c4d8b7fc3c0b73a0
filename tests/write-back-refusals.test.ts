/** Write-back to a record that is closed to us for some patients, or stumbles over one of them. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { eventually } from './support/server.ts';
import {
  addKnown,
  allSent,
  dayAgo,
  measure,
  ofPatient,
  optIn,
  statusOf,
  summaryThere,
  type WriteBackSample,
  writeBackSample,
} from './support/write-back-sample.ts';

const BASE = '/fhir/R4';

describe('write-back, of some patients refused', () => {
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

  for (const status of [400, 500]) {
    test(`a patient whose search is answered with ${status} holds up nobody else`, async () => {
      const [bad, good] = [await addKnown(sample), await addKnown(sample)];
      sample.front.mood = ({ path, body }) =>
        path === `${BASE}/Patient/_search` && body.includes(bad.number) ? { status } : 'pass';
      for (const { device } of [bad, good]) await measure(sample, device, dayAgo(2), [70]);
      await optIn(sample, bad);
      await optIn(sample, good);
      await summaryThere(sample, good, { day: dayAgo(2), isSo: () => true });
      assert.equal((await ofPatient(sample, bad)).destinations[0]?.reason, 'not-answered-there');
      assert.equal((await statusOf(sample)).failingSince, null, 'it is there');
      sample.front.mood = 'pass';
      await sample.here.server.post('/api/write-back/ehr/retry', {});
      await summaryThere(sample, bad, { day: dayAgo(2), isSo: () => true });
    });
  }

  const searchesOf = (...patients: readonly { readonly number: string }[]) => {
    const isOf = (body: string) => patients.some(({ number }) => body.includes(number));
    return ({ path, body }: { readonly path: string; readonly body: string }) =>
      path === `${BASE}/Patient/_search` && isOf(body);
  };

  test('a patient whom we may not look for there stands aside, and the others go on', async () => {
    const [bad, good] = [await addKnown(sample), await addKnown(sample)];
    const isOfBad = searchesOf(bad);
    sample.front.mood = (asked) => (isOfBad(asked) ? { status: 403 } : 'pass');
    for (const { device } of [bad, good]) await measure(sample, device, dayAgo(2), [70]);
    await optIn(sample, bad);
    await eventually('the reason', async () =>
      (await ofPatient(sample, bad)).destinations[0]?.reason === 'not-permitted-there'
        ? true
        : undefined,
    );
    await optIn(sample, good);
    await summaryThere(sample, good, { day: dayAgo(2), isSo: () => true });
    assert.equal((await statusOf(sample)).failingSince, null, 'it is there');
    sample.front.mood = 'pass';
    await sample.here.server.post('/api/write-back/ehr/retry', {});
    await summaryThere(sample, bad, { day: dayAgo(2), isSo: () => true });
  });

  for (const [what, status] of [
    ['where nobody may be looked for', 403],
    ['whose address is wrong', 404],
  ] as const) {
    test(`a destination ${what} says so, and everything waits`, async () => {
      const all = [await addKnown(sample), await addKnown(sample)];
      const isOfAll = searchesOf(...all);
      sample.front.mood = (asked) => (isOfAll(asked) ? { status } : 'pass');
      for (const patient of all) {
        await measure(sample, patient.device, dayAgo(2), [70]);
        await optIn(sample, patient);
      }
      const told = await eventually('the problem', async () => {
        const now = await statusOf(sample);
        return now.failingSince === null ? undefined : now;
      });
      assert.match(told.problem ?? '', new RegExp(`${status}.*url and our rights`));
      assert.equal(told.daysRefused, 0, 'nothing is given up');
      sample.front.mood = 'pass';
      await sample.here.server.post('/api/write-back/ehr/retry', {});
      for (const patient of all)
        await summaryThere(sample, patient, { day: dayAgo(2), isSo: () => true });
      assert.equal((await statusOf(sample)).failingSince, null);
    });
  }

  test('a patient of whom nothing may be written there stands aside where others are taken', async () => {
    const [bad, good] = [await addKnown(sample), await addKnown(sample)];
    sample.front.mood = ({ path, body }) =>
      path === BASE && body.includes(bad.there ?? '?') ? { status: 403 } : 'pass';
    for (const { device } of [bad, good]) await measure(sample, device, dayAgo(2), [70]);
    await optIn(sample, bad);
    await optIn(sample, good);
    await summaryThere(sample, good, { day: dayAgo(2), isSo: () => true });
    // As soon as both are due at once: until then nobody can tell whose fault it is.
    await eventually('the refusal', async () => {
      await measure(sample, good.device, dayAgo(2), [70], { fromMs: Date.now() - 40 * 3_600_000 });
      return (await statusOf(sample)).daysRefused > 0 ? true : undefined;
    });
    sample.front.mood = 'pass';
    await sample.here.server.post('/api/write-back/ehr/retry', {});
    await summaryThere(sample, bad, { day: dayAgo(2), isSo: () => true });
    await allSent(sample);
  });
});
