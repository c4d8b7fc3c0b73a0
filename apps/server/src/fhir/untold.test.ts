/** Findings that a former start has left, on real PostgreSQL. */
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { readyLimits } from '@ausculta/rules/adult-limits';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { Observation } from '@medplum/fhirtypes';
import { freshDatabase } from '../../../../tests/support/database.ts';
import type { RegisteredSubject } from '../devices/registry.ts';
import type { Finding } from '../line/finding.ts';
import { createSeal } from '../vault/seal.ts';
import { UntoldFindings, untoldContext } from './untold.ts';
import { insertUntold, readUntold } from './untold-store.ts';

const organisationId = randomUUID() as OrganisationId;
const subject = {
  ...{ id: randomUUID() as SubjectId, organisationId },
  ...{ kind: 'patient', category: 'adult', paced: 'no' },
  identity: { familyName: 'Left', givenName: '', sex: 'unknown', recordNumber: 'A-1' },
} as RegisteredSubject;

const racing: Observation = {
  ...{ resourceType: 'Observation', status: 'final', valueInteger: 180 },
  code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
  subject: { reference: `Patient/${subject.id}` },
};

test('one finding that is not understood holds up no other, and nothing of it is in the log', async () => {
  await using database = await freshDatabase();
  const { line: sql } = database;
  const seal = createSeal(randomBytes(32), randomBytes);
  const told: Finding[] = [];
  const problems: string[] = [];
  const newId = (): string => `ffffffff-${randomUUID().slice(9)}`;
  const untold = new UntoldFindings({
    ...{ sql, newId, keys: { sealOf: () => seal }, recordOf: (one) => one },
    limitsOf: ({ category }) => readyLimits(category),
    alarms: { tell: (all) => told.push(...all), settle: () => Promise.resolve() },
    after: (_delayMs, run) => void setImmediate(run),
    onProblem: (what, error) => problems.push(`${what} ${String(error)}`),
  });
  const nowMs = Date.UTC(2026, 10, 22);
  const found = untold.judge(racing, { subjectOf: () => subject, nowMs });
  assert.ok(found !== undefined);
  await sql`INSERT INTO organisation (id, name) VALUES (${organisationId}, 'House')`;
  const before = (at: number, text: string) => {
    const id = `00000000-0000-4000-8000-00000000000${at}`;
    const sealed = seal.seal(new TextEncoder().encode(text), untoldContext(subject.id, id));
    return { organisation_id: organisationId, subject_id: subject.id, id, sealed };
  };
  const ofAnotherVersion = JSON.stringify([{ metric: 'secret-rate', rule: {}, value: 181 }]);
  await insertUntold(sql, [before(1, 'secret 182'), before(2, ofAnotherVersion), found.row]);
  await untold.sweep();
  assert.deepEqual(
    told.map((one) => 'value' in one && one.value),
    [180],
  );
  const left = await readUntold(sql, { after: '00000000-0000-0000-0000-000000000000', limit: 9 });
  assert.deepEqual(
    left.map(({ id }) => id.slice(-1)),
    ['1', '2'],
  );
  assert.equal(problems.length, 2);
  assert.doesNotMatch(problems.join(), /secret|18\d/);
});
