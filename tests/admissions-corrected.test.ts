/** What is told after an admission: who the patient is, and what a person at the bed has decided. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { LimitList } from '@ausculta/contract/alarms';
import type { DeviceView } from '@ausculta/contract/devices';
import { bed, type House, housed } from './support/admission-house.ts';

let house: House;

before(async () => {
  house = await housed();
  await house.register();
});
after(async () => {
  house.end();
  assert.deepEqual(house.here.problems, []);
  await house.here[Symbol.asyncDispose]();
});

async function limitsOf(id: string): Promise<readonly unknown[]> {
  return (await house.server.get<LimitList>(`/api/subjects/${id}/limits`)).limits;
}

async function saidByFhir(id: string, more: object): Promise<void> {
  const path = `/fhir/R4/Patient/${id}`;
  const patient = await house.server.get<object>(path);
  const headers = { 'content-type': 'application/fhir+json' };
  const body = JSON.stringify({ ...patient, ...more });
  const { status } = await house.server.fetch(path, { method: 'PUT', headers, body });
  assert.equal(status, 200);
}

describe('an admission system', () => {
  test('says later that the patient is a child: the adults’ limits of the ward end at once', async () => {
    await house.done('admit', 'B6', { location: bed('60') });
    const { id, category } = await house.patient('B6');
    assert.equal(category, 'adult', 'as the ward is');
    const limits = async () => (await limitsOf(id)).length;
    assert.ok((await limits()) > 0);
    await house.done('update', 'B6', { birthDate: '2019-01-01' });
    assert.equal((await house.patient('B6')).category, 'child');
    assert.equal(await limits(), 0);
    await house.done('update', 'B6', { birthDate: '1959-01-01' });
    assert.equal((await house.patient('B6')).category, 'adult', 'it had been a mistake');
  });

  test('a birth date that comes by FHIR counts as well; a person’s word stands', async () => {
    await house.done('admit', 'B7', { location: bed('70') });
    const { id } = await house.patient('B7');
    const said = { familyName: 'Said', givenName: '', sex: 'unknown', recordNumber: 'B8' };
    await house.server.post('/api/subjects', { category: 'adult', paced: 'no', identity: said });
    const byHand = await house.patient('B8');
    for (const subjectId of [id, byHand.id])
      await saidByFhir(subjectId, { birthDate: '2019-01-01' });
    assert.equal((await house.patient('B7')).category, 'child');
    assert.equal((await house.patient('B8')).category, 'adult');
    await house.done('admit', 'B8', { birthDate: '2019-01-01', location: bed('80') });
    assert.equal((await house.patient('B8')).category, 'adult');
  });

  test('a birth date and what was measured in one transaction: the limits are those it leaves', async () => {
    await house.done('admit', 'B9', { location: bed('90') });
    const { id } = await house.patient('B9');
    const written = async (birthDate: string, value: number): Promise<void> => {
      const patient = await house.server.get<object>(`/fhir/R4/Patient/${id}`);
      const measured = {
        ...{ resourceType: 'Observation', status: 'final', valueQuantity: { value, unit: '/min' } },
        code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
        subject: { reference: `Patient/${id}` },
      };
      const entry = [
        {
          resource: { ...patient, birthDate },
          request: { method: 'PUT', url: `Patient/${id}` },
        },
        { resource: measured, request: { method: 'POST', url: 'Observation' } },
      ];
      const body = JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry });
      const headers = { 'content-type': 'application/fhir+json' };
      const { status } = await house.server.fetch('/fhir/R4', { method: 'POST', headers, body });
      assert.equal(status, 200);
    };
    const called = async () =>
      (await house.server.alarms(id)).map(({ ruleKey, openingValue }) => [ruleKey, openingValue]);
    await written('2019-01-01', 180);
    assert.deepEqual(await called(), [], 'a child by then');
    await written('1959-01-01', 181);
    assert.deepEqual(await called(), [['limit/heart-rate/high', 181]]);
  });

  test('names a number that was corrected by FHIR: it is not the patient’s who had it', async () => {
    const numbered = (value: string) => ({
      identifier: [{ system: 'urn:ausculta:record-number', value }],
    });
    await house.done('admit', 'N1', { familyName: 'Ahlers', location: bed('30') });
    await house.measure('30', 60);
    const { id } = await house.patient('N1');
    await saidByFhir(id, numbered('N2'));

    assert.equal(await house.refusal('update', 'N1', { familyName: 'Berg' }), 'AE PATIENT_UNKNOWN');
    assert.equal(await house.refusal('merge', 'N2', { mergedNumber: 'N1' }), 'AE PATIENT_UNKNOWN');
    await assert.rejects(house.measureNamed('30', 61, 'N1'), 'it is parked');
    assert.deepEqual(await house.ratesOf('N2'), [60], 'a monitor that names somebody else');
    await house.done('admit', 'N1', { familyName: 'Berg', location: bed('31') });
    await house.measure('31', 70);
    const berg = await house.patient('N1');
    assert.ok(berg.id !== id);
    assert.deepEqual(await house.rates(berg), [70]);
    assert.deepEqual(await house.ratesOf('N2'), [60]);
    assert.equal((await house.patient('N2')).identity.familyName, 'Ahlers');
  });

  test('says the second half of an exchange of beds: what was corrected meanwhile stays', async () => {
    await house.done('admit', 'S1', { location: bed('40') });
    await house.done('admit', 'S2', { location: bed('41') });
    const { id } = await house.patient('S1');
    const refused = await house.refusal('transfer', 'S1', { location: bed('41') });
    assert.equal(refused, 'AE MOVEMENT_REFUSED');
    await saidByFhir(id, { identifier: [{ system: 'urn:ausculta:record-number', value: 'S9' }] });
    await house.done('transfer', 'S2', { location: bed('40') });
    assert.equal((await house.patient('S9')).identity.bed, '41');
    assert.equal((await house.patient('S2')).identity.bed, '40');
  });

  test('and two people add the same number at once: one of them is told', async () => {
    const identity = { familyName: 'Twin', recordNumber: 'T1' };
    const body = JSON.stringify({ identity });
    const headers = { 'content-type': 'application/json' };
    const add = () => house.server.fetch('/api/subjects', { method: 'POST', headers, body });
    const statuses = (await Promise.all([add(), add(), add()])).map(({ status }) => status);
    assert.deepEqual(statuses.sort(), [201, 400, 400]);
  });

  test('does not give a device back that somebody has taken off, until it says something new', async () => {
    await house.done('admit', 'M20', { location: bed('20') });
    await house.measure('20', 60);
    const { id, devices } = await house.patient('M20');
    const monitor = `/api/devices/${devices[0]?.id}`;
    await house.server.post(`${monitor}/unassignment`, {});
    await house.measure('20', 61);
    await house.measureNamed('20', 62, 'M20');
    await house.done('update', 'M20', { familyName: 'Berg' });
    await house.measure('20', 63);
    assert.deepEqual(await house.ratesOf('M20'), [60]);
    const [unknown] = await house.unknownIn('20');
    assert.deepEqual(unknown && (await house.rates(unknown)), [61, 62, 63], 'watched all the same');
    const { standsAt, wornBy } = await house.server.get<DeviceView>(monitor);
    assert.deepEqual(standsAt, { ward: 'ICU', bed: '20', admitted: id });
    assert.equal(wornBy, unknown?.id);

    await house.server.post(`${monitor}/assignment`, { subjectId: id });
    await house.measure('20', 64);
    assert.deepEqual(await house.ratesOf('M20'), [60, 64], 'a person says otherwise');
    await house.server.post(`${monitor}/unassignment`, {});
    await house.done('transfer', 'M20', { location: bed('21') });
    await house.done('transfer', 'M20', { location: bed('20') });
    await house.measure('20', 65);
    assert.deepEqual(await house.ratesOf('M20'), [60, 64, 65], 'as does a new message');
  });
});
