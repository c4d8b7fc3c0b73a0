import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { parseDeviceId } from '@ausculta/vitals/identity';
import fc from 'fast-check';
import { type Bed, bedDeviceId, bedKey, bedName, isBed, placeOf } from './bed.ts';

const at = (bed: string, unit = 'ICU', room = '', facility = ''): Bed => ({
  unit,
  room,
  bed,
  facility,
});
const digest = (text: string) => createHash('sha256').update(text).digest('hex');

test('a place without a bed may hold many people, and is none', () => {
  assert.ok(!isBed(undefined));
  assert.ok(!isBed(at(' ', 'ICU', '4')));
  assert.ok(isBed(at('7', '')));
});

test('a bed is named once', () => {
  for (const [bed, name] of [
    ['7', 'Bed 7'],
    [' 7 ', 'Bed 7'],
    ['Bed 03', 'Bed 03'],
    ['BED003', 'Bed BED003'],
    ['Bedroom', 'Bed Bedroom'],
  ] as const) {
    assert.equal(bedName(at(bed)), name);
  }
});

test('what was typed with blanks or in small letters is the same bed; another part is another', () => {
  assert.equal(bedKey(at(' 7a', 'icu ')), bedKey(at('7A', 'ICU')));
  for (const other of [at('7', 'ICU', '4'), at('7', 'CCU'), at('7', 'ICU', '', 'H'), at('8')]) {
    assert.notEqual(bedKey(at('7')), bedKey(other));
  }
});

test('an identity holds a ward of 50 and a bed of 20 characters', () => {
  assert.deepEqual(placeOf(at('7', '')), { bed: '7' });
  const { ward, bed } = placeOf(at('b'.repeat(21), 'w'.repeat(51)));
  assert.deepEqual([ward?.length, bed?.length], [50, 20]);
});

test('every bed has a device id of its own, whatever its name holds', () => {
  const part = fc.string({ unit: 'binary', maxLength: 80 });
  const anyBed = fc.record({ unit: part, room: part, bed: part, facility: part });
  fc.assert(
    fc.property(
      anyBed,
      anyBed,
      fc.stringMatching(/^[a-z][a-z0-9]{1,63}$/),
      (one, other, gateway) => {
        const [a, b] = [one, other].map((bed) => bedDeviceId(gateway, bed, digest));
        assert.ok(parseDeviceId(a ?? '') !== undefined, a);
        assert.equal(a === b, bedKey(one) === bedKey(other));
      },
    ),
  );
  assert.match(bedDeviceId('gw', at('7'), digest), /^gw\.ICU\.7\.[0-9a-f]{12}$/);
});
