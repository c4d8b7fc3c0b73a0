import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOrganisationId } from '@ausculta/vitals/identity';
import { Slots } from './slots.ts';

test('a house that has taken all of its own takes none of another’s', () => {
  const [one, other] = ['a', 'b'].map((digit) =>
    parseOrganisationId(`${digit.repeat(8)}-0000-4000-8000-000000000000`),
  );
  assert.ok(one !== undefined && other !== undefined);
  const slots = new Slots(2);
  assert.deepEqual([slots.take(one), slots.take(one), slots.take(one)], [true, true, false]);
  assert.equal(slots.take(other), true);
  slots.free(one);
  assert.deepEqual([slots.take(one), slots.take(one)], [true, false]);
});
