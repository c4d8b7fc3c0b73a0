import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localDays } from '@ausculta/fhir/local-day';
import type { DeviceId, OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import type { Observation } from '@medplum/fhirtypes';
import type { RegisteredSubject } from '../devices/registry.ts';
import type { RetentionRule } from '../telemetry/retention-policy.ts';
import { type DayPorts, newsIn, type Sent, sayingsOf } from './day-of-patient.ts';
import type { OptIn } from './opt-ins.ts';
import { readDestinations } from './settings.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 12);
const organisationId = '00000000-0000-4000-8000-000000000001' as OrganisationId;
const subjectId = '00000000-0000-4000-8000-000000000002' as SubjectId;
const days = localDays('UTC');
const [destination] = readDestinations(
  JSON.stringify({
    destinations: [
      {
        ...{ name: 'ehr', url: 'https://ehr.example/', zone: 'UTC', patientSystem: 'urn:x' },
        credentials: { kind: 'none' },
      },
    ],
  }),
);
assert.ok(days !== undefined && typeof destination === 'object');

const optIn: OptIn = {
  ...{ organisationId, subjectId, destination, state: 'found', reason: undefined },
  ...{ lookedMs: NOW_MS, days, from: '2026-01-01', patient: 'Patient/7' },
};
const subject: RegisteredSubject = {
  ...{ id: subjectId, organisationId, partition: 0 },
  ...{ kind: 'patient', category: 'adult', paced: 'no' },
  identity: { familyName: '', givenName: '', sex: 'unknown', recordNumber: '' },
};

/** A day of which nothing is left, by these rules. */
function portsOf(retention: readonly RetentionRule[]): DayPorts {
  const deviceId = 'watch-1' as DeviceId;
  const metric = metricOf('heart-rate');
  const series = { id: 1, partition: 0, epoch: 1, metric, organisationId, subjectId, deviceId };
  return {
    telemetry: { windows: async function* () {} },
    registry: { seriesOfSubject: () => [series] },
    retention,
    isOpenTo: () => true,
    nowMs: () => NOW_MS,
  };
}

function sentOf(day: string): Sent[] {
  const observation: Observation = {
    resourceType: 'Observation',
    status: 'final',
    code: {},
    identifier: [{ value: day }],
  };
  return [{ metric: 'heart-rate', isDoubted: false, observation }];
}

const statusesOf = async (retention: readonly RetentionRule[], day: string) => {
  const asked = { subject, optIn, patient: 'Patient/7', day };
  const said = await sayingsOf(portsOf(retention), asked, sentOf(day));
  return said.map(({ observation }) => observation.status);
};

test('a day that has lost its readings is taken back', async () => {
  assert.deepEqual(await statusesOf([], '2026-11-01'), ['entered-in-error']);
});

test('a metric that the destination no longer wants is not taken back', async () => {
  const said = async (metrics: string[]) => {
    const of = { ...optIn, destination: { ...destination, metrics } };
    const asked = { subject, optIn: of, patient: 'Patient/7', day: '2026-11-01' };
    return await sayingsOf(portsOf([]), asked, sentOf('2026-11-01'));
  };
  assert.deepEqual(await said(['weight']), []);
  assert.equal((await said(['heart-rate'])).length, 1);
});

const KEPT = [{ class: 'numeric', what: 'raw', days: 10 }] as const;

test('readings that were let go for their age take nothing back', async () => {
  assert.deepEqual(await statusesOf(KEPT, '2026-11-11'), []);
  assert.deepEqual(await statusesOf(KEPT, '2026-11-14'), ['entered-in-error'], 'younger than that');
});

test('a rule of waveforms, or of roll-ups, lets go no reading', async () => {
  const others = [
    { class: 'waveform', what: 'raw', days: 1 },
    { class: 'numeric', what: 'roll-up', days: 1 },
  ] as const;
  assert.deepEqual(await statusesOf(others, '2026-11-01'), ['entered-in-error']);
});

test('what was not found there as it was sent is news, though it says the same', () => {
  const [sent] = sentOf('2026-11-01');
  assert.ok(sent !== undefined);
  assert.deepEqual(newsIn([sent], [sent]), []);
  assert.equal(newsIn([sent], [{ ...sent, isDoubted: true }]).length, 1);
});
