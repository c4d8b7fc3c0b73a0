/** Conditions within a transaction, on real PostgreSQL: one question has one answer. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Resource } from '@medplum/fhirtypes';
import {
  answered,
  create,
  type FhirHouse,
  fhirHouse,
  idsFound,
  statusOf,
} from '../../../../tests/support/fhir-house.ts';
import type { Act } from './acts.ts';

let house: FhirHouse;

before(async () => {
  house = await fhirHouse();
});
after(() => house[Symbol.asyncDispose]());

const type = 'Organization';
const organization = (value: string) => ({
  ...{ resourceType: type, name: 'Ward', active: true },
  identifier: [{ system: 'urn:x', value }],
});
const given = (value: string) => ({
  ...{ type, hasPrecise: false },
  resource: organization(value) as Resource,
});
const unless = (value: string, query = `identifier=urn:x|${value}`): Act => ({
  ...given(value),
  ...{ kind: 'create', ifNoneExist: query },
});
const where = (value: string): Act => ({
  ...given(value),
  ...{ kind: 'update-where', query: `identifier=urn:x|${value}` },
});
const perform = (...acts: Act[]) => house.repository.perform(house.organisationId, acts);
const found = (value: string) => idsFound(house, type, `identifier=urn:x|${value}`);

test('two entries that are only to be made where there is none make one', async () => {
  const value = randomUUID();
  const query = `active=true&identifier=urn:x|${value}`;
  const turned = `identifier=urn%3Ax%7C${value}&active=true`;
  const done = answered(await perform(unless(value, query), unless(value, turned)));
  assert.deepEqual(
    done.map(({ status }) => status),
    [201, 200],
  );
  assert.equal(done[0]?.document?.id, done[1]?.document?.id);
  assert.deepEqual(await found(value), [done[0]?.document?.id]);
  const again = answered(await perform(unless(value), unless(value), unless(randomUUID())));
  assert.deepEqual(
    again.map(({ status }) => status),
    [200, 200, 201],
  );
});

test('two that write to what a condition finds are about one resource, also where there is none', async () => {
  const value = randomUUID();
  assert.equal(statusOf(await perform(where(value), where(value))), 400);
  assert.equal(statusOf(await perform(unless(value), where(value))), 400);
  assert.deepEqual(await found(value), []);
  const done = answered(await perform(where(value), unless(value)));
  assert.deepEqual(
    done.map(({ status }) => status),
    [201, 200],
  );
  assert.deepEqual(await found(value), [done[1]?.document?.id]);
  const { query } = where(value) as Extract<Act, { kind: 'update-where' }>;
  const both = await perform(where(value), { kind: 'delete-where', type, query });
  assert.equal(statusOf(both), 400);
});

test('a reference by a condition finds what another entry makes by the same one', async () => {
  const value = randomUUID();
  const reference = `${type}?identifier=urn:x|${value}`;
  const part = create({ ...organization(randomUUID()), partOf: { reference } });
  const [made, referring] = answered(await perform(unless(value), part));
  const { partOf } = JSON.parse(referring?.document?.text ?? '{}');
  assert.deepEqual(partOf, { reference: `${type}/${made?.document?.id}` });
  const nobody = create({ ...organization(value), partOf: { reference: `${type}?name=nobody` } });
  assert.equal(statusOf(await perform(nobody)), 412);
});

test('two who ask the same in opposite order do not wait for each other', async () => {
  for (let round = 0; round < 3; round++) {
    const values = Array.from({ length: 20 }, () => randomUUID());
    const orders = [values, values.toReversed(), values, values.toReversed()];
    const answers = await Promise.all(
      orders.map((order) => perform(...order.map((value) => unless(value)))),
    );
    assert.deepEqual(answers.map(statusOf), [200, 200, 200, 200]);
    const made = answers.map(
      (answer) => answered(answer).filter(({ status }) => status === 201).length,
    );
    assert.deepEqual(made.sort(), [0, 0, 0, 20]);
  }
});

test('a transaction asks a thousand conditions at most; one that is asked again counts once', async () => {
  const asking = (count: number): Act => {
    const endpoint = Array.from({ length: count }, (_, at) => ({
      reference: `Endpoint?identifier=urn:x|${at}`,
    }));
    return create({ ...organization(randomUUID()), endpoint: [...endpoint, ...endpoint] });
  };
  // Nobody is found: it has been asked.
  assert.equal(statusOf(await perform(asking(1_000))), 412);
  assert.equal(statusOf(await perform(asking(1_001))), 413);
});
