import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUDIT_ACTS, type AuditAct, READ_ACTS } from '@ausculta/vitals/audit-act';
import { r4 } from '../../../tests/support/fhir.ts';
import { actEvent, disclosureEvent, readEvent } from './audit-event.ts';
import { isError, validate } from './validation.ts';

const ID = '0e11a5b0-0000-4000-8000-000000000001';
const ADA = '0e11a5b0-0000-4000-9000-00000000000a';
const common = { id: ID, organisationId: ID, atMs: Date.UTC(2026, 10, 22) };
const NURSE = { who: ID, name: 'Joy Okafor', roles: ['nurse'], isStaff: true };

test('each act of the audit is a valid event, known by its own name', () => {
  for (const act of Object.keys(AUDIT_ACTS) as AuditAct[]) {
    const event = actEvent({ ...common, act, name: act, target: `subject/${ADA}`, agent: NURSE });
    assert.deepEqual(validate(r4(), event).filter(isError), [], act);
    assert.deepEqual(event.subtype?.at(-1), { system: 'urn:ausculta:audit-act', code: act });
  }
});

const TARGETS = [
  { target: `subject/${ADA}`, says: { reference: `Patient/${ADA}` } },
  { target: 'account/joy', says: { identifier: { system: 'urn:ausculta:account', value: 'joy' } } },
  { target: 'client/app', says: { identifier: { system: 'urn:ausculta:client', value: 'app' } } },
  { target: 'subscription/s1', says: { reference: 'Subscription/s1' } },
  { target: 'keys', says: undefined },
] as const;
for (const { target, says } of TARGETS) {
  test(`an act upon ${target} says so`, () => {
    const event = actEvent({
      ...{
        ...common,
        act: undefined,
        name: 'of-another-version',
        target,
        agent: { who: undefined },
      },
    });
    assert.deepEqual(validate(r4(), event).filter(isError), []);
    assert.deepEqual(event.entity?.[0]?.what, says);
    assert.equal(event.agent[0]?.who?.display, 'Ausculta', 'done by the platform itself');
  });
}

const OUTCOMES = [
  { status: 200, outcome: '0' },
  { status: 399, outcome: '0' },
  { status: 400, outcome: '4' },
  { status: 499, outcome: '4' },
  { status: 500, outcome: '8' },
] as const;
for (const { status, outcome } of OUTCOMES) {
  test(`a read that was answered by ${status} has the outcome ${outcome}`, () => {
    assert.equal(readOf({ status }).outcome, outcome);
  });
}

const readOf = (more: object) =>
  readEvent({
    ...{ ...common, act: 'read', agent: NURSE, subjects: [ADA], isPart: false, status: 200 },
    ...{ route: '/fhir/R4/:type/:id', type: 'Patient', purpose: 'TREAT', requestId: 'r-1' },
    ...more,
  });

test('who searches is the source of the question, who reads the destination of the answer', () => {
  for (const act of READ_ACTS)
    assert.deepEqual(validate(r4(), readOf({ act })).filter(isError), [], act);
  const roles = (event: ReturnType<typeof readOf>) =>
    event.agent.map(({ type, who }) => [type?.coding?.[0]?.code, who?.display]);
  const user = ['IRCP', 'Joy Okafor'];
  assert.deepEqual(roles(readOf({})), [['110153', 'Ausculta'], ['110152', 'Joy Okafor'], user]);
  assert.deepEqual(roles(readOf({ act: 'search' })), [
    ['110152', 'Ausculta'],
    ['110153', 'Joy Okafor'],
    user,
  ]);
});

test('who asks by an app is known by it as well', () => {
  const [, client, user] = readOf({ app: { id: 'a1', name: 'Growth' } }).agent;
  const identifier = { system: 'urn:ausculta:client', value: 'a1' };
  assert.deepEqual(client?.who, { identifier, display: 'Growth' });
  assert.equal(user?.name, 'Joy Okafor');
});

test('a patient who signs in is known by the account, and a device by its hash', () => {
  const [, patient] = readOf({ agent: { who: ID, roles: ['patient'] } }).agent;
  assert.deepEqual(patient?.who, { identifier: { system: 'urn:ausculta:account', value: ID } });
  const [, device] = readOf({ agent: { who: 'device/cuff-1' } }).agent;
  assert.match(device?.who?.reference ?? '', /^Device\/[0-9a-f]{16}$/);
});

test('a disclosure says to whom, for what, by what right, and how often', () => {
  const event = disclosureEvent({
    ...{ ...common, untilMs: common.atMs + 1, subjectId: ADA, way: 'subscription', times: 3 },
    ...{ recipient: 'subscription/s1', recipientName: undefined, place: 'hooks.example' },
    ...{ purpose: 'TREAT', basis: 'consent', paper: 'c1', classes: ['vitals', 'events'] },
  });
  assert.deepEqual(validate(r4(), event).filter(isError), []);
  assert.deepEqual(event.agent[1]?.network, { address: 'hooks.example', type: '1' });
  const what = event.entity?.map(({ what }) => what?.reference ?? what?.identifier?.value);
  assert.deepEqual(what, [`Patient/${ADA}`, 'vitals', 'events', 'Consent/c1']);
  assert.equal(event.entity?.[1]?.detail?.find(({ type }) => type === 'times')?.valueString, '3');
});
