import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { readyLimits } from '@ausculta/rules/adult-limits';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Observation } from '@medplum/fhirtypes';
import type { RegisteredSubject } from '../devices/registry.ts';
import { findingsIn, WATCHED_WITHIN_MS } from './observation-watch.ts';

const NOW = Date.UTC(2026, 10, 22, 10);
const MINUTE_MS = 60_000;
const iso = (atMs: number): string => new Date(atMs).toISOString();

const patient = {
  ...{ id: randomUUID() as SubjectId, organisationId: randomUUID() as OrganisationId },
  ...{ kind: 'patient', category: 'adult', paced: 'no' },
  identity: { familyName: 'Spot', givenName: '', sex: 'unknown', recordNumber: 'A-1' },
} as RegisteredSubject;

const limitsOf = ({ category }: RegisteredSubject) => readyLimits(category);

function found(effectiveDateTime: string | undefined, value = 180) {
  const observation: Observation = {
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
    subject: { reference: `Patient/${patient.id}` },
    valueQuantity: { value, unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
    ...(effectiveDateTime !== undefined && { effectiveDateTime }),
  };
  const subjectOf = (id: string) => (id === patient.id ? patient : undefined);
  return findingsIn(observation, { subjectOf, limitsOf, nowMs: NOW });
}

const openedAt = (text: string | undefined): number | undefined => found(text)[0]?.sinceMs;

test('a value beyond a limit calls as something that was when it was measured', () => {
  const atMs = NOW - 40 * MINUTE_MS;
  const [finding, ...others] = found(iso(atMs));
  assert.deepEqual(others, []);
  assert.equal(finding?.kind, 'passed');
  assert.equal(finding?.alarmId, `limit/heart-rate/high@${atMs}`);
  assert.deepEqual([finding?.sinceMs, finding?.atMs, finding?.value], [atMs, NOW, 180]);
  assert.equal(finding?.series.subjectId, patient.id);
  assert.deepEqual(found(iso(atMs), 130), []);
});

test('a record of long ago that is brought in now calls nobody', () => {
  assert.equal(openedAt(iso(NOW - WATCHED_WITHIN_MS)), NOW - WATCHED_WITHIN_MS);
  assert.equal(openedAt(iso(NOW - WATCHED_WITHIN_MS - 1)), undefined);
});

test('what is said to be of the future is of now', () => {
  assert.equal(openedAt('2062-11-22T10:00:00Z'), NOW);
});

test('where only the day is known it may be as late as now', () => {
  assert.equal(openedAt('2026-11-22'), NOW);
  assert.equal(openedAt('2026-11-21'), Date.UTC(2026, 10, 22));
  assert.equal(openedAt('2026-11-20'), undefined);
  assert.equal(openedAt('2026-11'), undefined);
});

test('what says nothing of its time is new', () => {
  assert.equal(openedAt(undefined), NOW);
});

test('nobody is called for whom nobody here knows', () => {
  const resource: Observation = {
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
    subject: { reference: `Patient/${patient.id}` },
    valueInteger: 180,
  };
  const judged = (subject: RegisteredSubject | undefined) =>
    findingsIn(resource, { subjectOf: () => subject, limitsOf, nowMs: NOW }).length;
  assert.deepEqual([judged(patient), judged(undefined)], [1, 0]);
});
