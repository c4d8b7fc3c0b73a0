import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SEXES } from '@ausculta/vitals/subject';
import fc from 'fast-check';
import { decodeHl7 } from './hl7.ts';
import { type AdtNotice, writeAdt } from './hl7-adt-writer.ts';

const SENDER = { application: 'ADT|&', facility: 'H', controlId: 'C^1' };

const ACTIONS = [
  'admit',
  'transfer',
  'discharge',
  'update',
  'cancel-admit',
  'cancel-transfer',
  'cancel-discharge',
  'merge',
] as const;

/** What a name or a number may hold: anything that is not blank at its ends, and not HL7's null. */
const words = fc
  .string({ unit: 'binary', maxLength: 20 })
  .map((text) => text.trim())
  .filter((text) => text !== '""');
const some = words.filter((text) => text !== '');
const location = fc.record(
  { unit: some, room: words, bed: words, facility: words },
  { noNullPrototype: true },
);
const stamp = fc.integer({ min: 0, max: 4e12 });

const anyNotice: fc.Arbitrary<AdtNotice> = fc.record(
  {
    action: fc.constantFrom(...ACTIONS),
    recordNumber: some,
    familyName: words,
    givenName: words,
    birthDate: fc.constantFrom('1961', '1961-03', '1961-03-01'),
    sex: fc.constantFrom(...SEXES),
    location,
    priorLocation: location,
    visitNumber: some,
    recordedMs: stamp,
    occurredMs: stamp,
    mergedNumber: some,
  },
  {
    requiredKeys: ['action', 'recordNumber', 'familyName', 'givenName', 'sex', 'recordedMs'],
    noNullPrototype: true,
  },
);

test('every notice is written and read back', () => {
  fc.assert(
    fc.property(anyNotice, (notice) => {
      const decoded = decodeHl7(new TextEncoder().encode(writeAdt(notice, SENDER)));
      assert.ok(decoded.ok && decoded.value.kind === 'patient');
      const { header, adt } = decoded.value;
      assert.deepEqual([header.controlId, adt.persons.length], ['C^1', 1]);
      const { recordedMs, occurredMs } = adt;
      const [person] = adt.persons;
      assert.ok(person !== undefined);
      const { patient, visit, merged } = person;
      assert.deepEqual(
        {
          action: adt.action,
          recordNumber: patient.identifiers[0]?.id,
          familyName: patient.familyName,
          givenName: patient.givenName,
          birthDate: patient.birthDate,
          sex: patient.sex,
          location: visit?.location,
          priorLocation: visit?.priorLocation,
          visitNumber: visit?.visitNumber,
          recordedMs,
          occurredMs,
          mergedNumber: merged?.[0]?.id,
        },
        {
          birthDate: undefined,
          location: undefined,
          priorLocation: undefined,
          visitNumber: undefined,
          occurredMs: undefined,
          mergedNumber: undefined,
          ...notice,
        },
      );
    }),
    { numRuns: 500 },
  );
});
