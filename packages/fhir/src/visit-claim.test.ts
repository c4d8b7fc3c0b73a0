import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  Condition,
  Coverage,
  Encounter,
  Location,
  Practitioner,
  Resource,
} from '@medplum/fhirtypes';
import { SYSTEM } from './systems.ts';
import { isOneOf, type Visit } from './visit.ts';
import { visitClaim } from './visit-claim.ts';
import { isNpi } from './visit-providers.ts';

const coded = (system: string, code: string) => ({ coding: [{ system, code }] });
const subject = { reference: 'Patient/1' };

const PRACTITIONER: Practitioner = {
  resourceType: 'Practitioner',
  id: 'doctor',
  identifier: [{ system: SYSTEM.NPI, value: '1234567893' }],
};

const condition = (code: string, more: Partial<Condition> = {}): Condition => ({
  ...{ resourceType: 'Condition', id: code, subject, code: coded(SYSTEM.ICD_10_CM, code) },
  ...more,
});

const coverage = (id: string, more: Partial<Coverage> = {}): Coverage => ({
  ...{ resourceType: 'Coverage', id, status: 'active', beneficiary: subject },
  payor: [{ reference: `Organization/${id}` }],
  ...more,
});

const location = (system: string, code: string): Location => ({
  ...{ resourceType: 'Location', id: 'place', type: [coded(system, code)] },
});

const video = (more: Partial<Encounter> = {}): Encounter => ({
  ...{ resourceType: 'Encounter', id: 'visit', status: 'finished', subject },
  class: { system: SYSTEM.ACT_CODE, code: 'VR' },
  type: [coded(SYSTEM.CPT, '99213'), coded(SYSTEM.PARTICIPATION_MODE, 'VIDEOCONF')],
  participant: [{ individual: { reference: 'Practitioner/doctor' } }],
  period: { start: '2026-03-01T22:30:00-05:00', end: '2026-03-01T22:55:30-05:00' },
  location: [{ location: { reference: 'Location/place' } }],
  diagnosis: [{ condition: { reference: 'Condition/I10' } }],
  ...more,
});

const HOME = location(SYSTEM.ROLE_CODE, 'PTRES');

interface Around {
  readonly place?: Location;
  readonly conditions?: readonly Condition[];
  readonly coverages?: readonly Coverage[];
}

function told(encounter: Encounter, around: Around = {}) {
  const { place = HOME, conditions = [condition('I10')], coverages = [coverage('a')] } = around;
  const all = [PRACTITIONER, place, ...conditions];
  const find: Visit['find'] = (types, reference) => {
    const found: Resource | undefined = all.find(
      (one) => reference?.reference === `${one.resourceType}/${one.id}`,
    );
    return found !== undefined && isOneOf(found, types) ? found : undefined;
  };
  const isPatient: Visit['isPatient'] = (one) => one?.reference === subject.reference;
  const claim = visitClaim({ encounter, find, isPatient, coverages, at: '2026-03-02T08:00:00Z' });
  return claim.ok
    ? { claim: claim.value, lacks: [] }
    : { claim: undefined, lacks: claim.lacks.map(({ at }) => at) };
}

const itemOf = (encounter: Encounter, around?: Around) => told(encounter, around).claim?.item?.[0];

for (const { kind, system, type, place } of [
  { kind: 'VR', system: SYSTEM.ROLE_CODE, type: 'PTRES', place: '10' },
  { kind: 'VR', system: SYSTEM.ROLE_CODE, type: 'SCHOOL', place: '02' },
  { kind: 'VR', system: SYSTEM.PLACE_OF_SERVICE, type: '02', place: '02' },
  { kind: 'VR', system: SYSTEM.PLACE_OF_SERVICE, type: '11', place: undefined },
  { kind: 'VR', system: 'urn:other', type: 'PTRES', place: undefined },
  { kind: 'AMB', system: SYSTEM.ROLE_CODE, type: 'PROFF', place: '11' },
  { kind: 'AMB', system: SYSTEM.PLACE_OF_SERVICE, type: '19', place: '19' },
  { kind: 'AMB', system: SYSTEM.PLACE_OF_SERVICE, type: '10', place: undefined },
  { kind: 'AMB', system: SYSTEM.PLACE_OF_SERVICE, type: 'office', place: undefined },
  { kind: 'AMB', system: SYSTEM.ROLE_CODE, type: 'HOSP', place: undefined },
  { kind: 'HH', system: SYSTEM.ROLE_CODE, type: 'PTRES', place: '12' },
  { kind: 'IMP', system: SYSTEM.ROLE_CODE, type: 'HOSP', place: '21' },
  { kind: 'EMER', system: SYSTEM.ROLE_CODE, type: 'ER', place: '23' },
] as const) {
  test(`a visit of class ${kind} at ${type} is ${place ?? 'not'} claimed`, () => {
    const mode = kind === 'VR' ? [coded(SYSTEM.PARTICIPATION_MODE, 'VIDEOCONF')] : [];
    const encounter = video({
      class: { system: SYSTEM.ACT_CODE, code: kind },
      type: [coded(SYSTEM.CPT, '99213'), ...mode],
    });
    const item = itemOf(encounter, { place: location(system, type) });
    assert.equal(item?.locationCodeableConcept?.coding?.[0]?.code, place);
  });
}

for (const { mode, said, modifiers } of [
  { mode: 'VIDEOCONF', said: [], modifiers: ['95'] },
  { mode: 'PHONE', said: [], modifiers: ['93'] },
  { mode: 'ONLINEWRIT', said: [], modifiers: ['GQ'] },
  { mode: 'PHONE', said: ['FQ'], modifiers: ['FQ'] },
  { mode: 'VIDEOCONF', said: ['25'], modifiers: ['25', '95'] },
  { mode: 'VIDEOCONF', said: ['93'], modifiers: undefined },
  { mode: 'FACE', said: [], modifiers: undefined },
] as const) {
  test(`a visit by ${mode} with modifiers ${said} said has ${modifiers ?? 'no claim'}`, () => {
    const modifier = said.map((code) => coded(/^\d/.test(code) ? SYSTEM.CPT : SYSTEM.HCPCS, code));
    const held = coded(SYSTEM.PARTICIPATION_MODE, mode);
    const item = itemOf(video({ type: [coded(SYSTEM.CPT, '99213'), held, ...modifier] }));
    const codes = item?.modifier?.map(({ coding }) => coding?.[0]?.code);
    assert.deepEqual(codes, modifiers && [...modifiers]);
  });
}

test('a visit in person has no modifier of telehealth, and none is taken', () => {
  const office = { place: location(SYSTEM.ROLE_CODE, 'PROFF') };
  const held = { class: { system: SYSTEM.ACT_CODE, code: 'AMB' } };
  assert.equal(
    itemOf(video({ ...held, type: [coded(SYSTEM.CPT, '99213')] }), office)?.modifier,
    undefined,
  );
  const type = [coded(SYSTEM.CPT, '99213'), coded(SYSTEM.CPT, '95')];
  assert.deepEqual(told(video({ ...held, type }), office).lacks, ['Encounter.type']);
});

for (const { what, more, minutes } of [
  { what: 'by its period, whole minutes', more: {}, minutes: 25 },
  {
    what: 'by its length',
    more: { length: { value: 1200, system: SYSTEM.UCUM, code: 's' } },
    minutes: 20,
  },
  {
    what: 'by its length, as long as the period',
    more: { length: { value: 26, system: SYSTEM.UCUM, code: 'min' } },
    minutes: 26,
  },
  {
    what: 'longer than its period: not',
    more: { length: { value: 27, system: SYSTEM.UCUM, code: 'min' } },
    minutes: undefined,
  },
  { what: 'in a unit that is not said: not', more: { length: { value: 20 } }, minutes: undefined },
  {
    what: 'by days alone: not',
    more: { period: { start: '2026-03-01', end: '2026-03-01' } },
    minutes: undefined,
  },
  {
    what: 'by days and a length',
    more: {
      period: { start: '2026-03-01', end: '2026-03-01' },
      length: { value: 0.5, system: SYSTEM.UCUM, code: 'h' },
    },
    minutes: 30,
  },
  {
    what: 'ending before it begins: not',
    more: { period: { start: '2026-03-01T10:00:00Z', end: '2026-03-01T09:00:00Z' } },
    minutes: undefined,
  },
] as const) {
  test(`the minutes of a visit are told ${what}`, () => {
    const { claim } = told(video(more));
    assert.equal(claim?.supportingInfo?.[0]?.valueQuantity?.value, minutes);
    // They are no units of the service.
    if (minutes !== undefined) assert.equal(claim?.item?.[0]?.quantity?.value, 1);
  });
}

test('diagnoses stand by rank, each code once, and a line points at four of them', () => {
  const codes = ['I10', 'E11.9', 'J45.909', 'N18.31', 'E78.5'];
  const conditions = codes.map((code) => condition(code));
  const diagnosis = codes.map((code, at) => ({
    condition: { reference: `Condition/${code}` },
    ...(at === 4 && { rank: 1 }),
  }));
  const reasonReference = [{ reference: 'Condition/I10' }];
  const { claim } = told(video({ diagnosis, reasonReference }), { conditions });
  const inOrder = claim?.diagnosis?.map(
    ({ diagnosisCodeableConcept: one }) => one?.coding?.[0]?.code,
  );
  assert.deepEqual(inOrder, ['E78.5', 'I10', 'E11.9', 'J45.909', 'N18.31']);
  assert.deepEqual(claim?.item?.[0]?.diagnosisSequence, [1, 2, 3, 4]);
});

for (const [what, one, at] of [
  ['of another patient', { subject: { reference: 'Patient/2' } }, 'Condition.subject'],
  [
    'that is suspected',
    { verificationStatus: coded('urn:status', 'provisional') },
    'Condition.verificationStatus',
  ],
  [
    'without a code of ICD-10-CM',
    { code: coded('http://snomed.info/sct', '38341003') },
    'Condition.code',
  ],
] as const) {
  test(`a Condition ${what} is named`, () => {
    assert.deepEqual(told(video(), { conditions: [condition('I10', one)] }).lacks, [at]);
  });
}

for (const [what, coverages, expected] of [
  ['none', [], undefined],
  ['one that is cancelled', [coverage('a', { status: 'cancelled' })], undefined],
  ['of somebody else', [coverage('a', { beneficiary: { reference: 'Patient/2' } })], undefined],
  ['up to the day before', [coverage('a', { period: { end: '2026-02-28' } })], undefined],
  ['up to the day, where it was held', [coverage('a', { period: { end: '2026-03-01' } })], ['a']],
  ['from the day after', [coverage('a', { period: { start: '2026-03-02' } })], undefined],
  ['of the year', [coverage('a', { period: { start: '2026', end: '2026' } })], ['a']],
  ['two in order', [coverage('a', { order: 2 }), coverage('b', { order: 1 })], ['b', 'a']],
  ['two without order', [coverage('a'), coverage('b', { order: 1 })], undefined],
  ['two in the same place', [coverage('a', { order: 1 }), coverage('b', { order: 1 })], undefined],
] as const) {
  test(`Coverages, ${what}: ${expected ?? 'no claim'}`, () => {
    const { claim } = told(video(), { coverages });
    const ids = claim?.insurance.map((one) => one.coverage.reference?.split('/')[1]);
    assert.deepEqual(ids, expected && [...expected]);
    if (expected !== undefined) {
      assert.deepEqual(
        claim?.insurance.map(({ focal }) => focal),
        expected.map((_, at) => at === 0),
      );
      assert.equal(claim?.insurer?.reference, `Organization/${expected[0]}`);
    }
  });
}

test('all that is missing is named at once', () => {
  const bare: Encounter = {
    ...{ resourceType: 'Encounter', status: 'in-progress', class: { code: 'AMB' } },
  };
  const { lacks } = told(bare, { coverages: [] });
  assert.deepEqual(lacks, [
    'Encounter.status',
    'Encounter.subject',
    'Encounter.period',
    'Encounter.length',
    'Encounter.class',
    'Encounter.type',
    'Encounter.participant',
    'Encounter.diagnosis',
    'Claim.insurance',
  ]);
});

test('a National Provider Identifier proves itself by its last digit', () => {
  assert.deepEqual(
    ['1234567893', '1234567890', '123456789', '12345678931', '1234567893 '].map(isNpi),
    [true, false, false, false, false],
  );
});
