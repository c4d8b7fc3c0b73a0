import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseSubjectId, type SubjectId } from '@ausculta/vitals/identity';
import fc from 'fast-check';
import { type Decision, decideWearer, type FeedView, type FeedWearer } from './feed-wearer.ts';

const id = (n: number): SubjectId => {
  const parsed = parseSubjectId(`00000000-0000-4000-8000-00000000000${n}`);
  assert.ok(parsed !== undefined);
  return parsed;
};
const ANNA = id(1);
const BEN = id(2);
const NOBODY = id(3);

const someone = (who: SubjectId, bed?: 'this' | 'another'): FeedWearer => ({
  id: who,
  unknown: undefined,
  bed,
});
const unknown = (isOfThisBed = true, sinceMs = 100): FeedWearer => ({
  id: NOBODY,
  unknown: { isOfThisBed, sinceMs },
  bed: isOfThisBed ? 'this' : 'another',
});
const KEEP: Decision = { kind: 'as-it-is' };
const UNKNOWN: Decision = { kind: 'unknown' };
const to = (who: SubjectId): Decision => ({ kind: 'patient', id: who });

const EMPTY: FeedView = {
  wearer: undefined,
  isAtHome: true,
  occupant: undefined,
  isNamed: false,
  named: undefined,
};
const anna = (bed?: 'this' | 'another') => ({ isNamed: true, named: { id: ANNA, bed } });
const occupant = (who: SubjectId, sinceMs = 50, isFollowed = false) => ({
  occupant: { id: who, sinceMs, isFollowed },
});
/** Whose the device had become by the admission. */
const followed = (who: SubjectId) => occupant(who, 50, true);

const NAMELESS: [string, Partial<FeedView>, Decision][] = [
  ['nobody has it and nobody lies there: unknown', {}, UNKNOWN],
  ['who was admitted to the bed', { ...occupant(ANNA) }, to(ANNA)],
  ['the unknown of this bed goes on', { wearer: unknown() }, KEEP],
  ['the unknown of another bed does not', { wearer: unknown(false) }, UNKNOWN],
  [
    'an older unknown is followed by who was admitted',
    { wearer: unknown(true, 49), ...occupant(ANNA) },
    to(ANNA),
  ],
  [
    'an unknown as old as the admission goes on',
    { wearer: unknown(true, 50), ...occupant(ANNA) },
    KEEP,
  ],
  ['whom somebody gave it to keeps it', { wearer: someone(BEN) }, KEEP],
  ['also against who was admitted there before', { wearer: someone(BEN), ...occupant(ANNA) }, KEEP],
  ['moved with its patient', { wearer: someone(BEN, 'this'), isAtHome: false }, KEEP],
  ['moved away from its patient', { wearer: someone(BEN, 'another'), isAtHome: false }, UNKNOWN],
  [
    'moved to who lies there',
    { wearer: someone(BEN), isAtHome: false, ...occupant(ANNA) },
    to(ANNA),
  ],
  ['taken off them by a person since: unknown', { ...followed(ANNA) }, UNKNOWN],
  ['and unknown it stays', { wearer: unknown(), ...followed(ANNA) }, KEEP],
  ['moved, and no admission knows its patient', { wearer: someone(BEN), isAtHome: false }, KEEP],
];

const NAMED: [string, Partial<FeedView>, Decision][] = [
  ['its own patient', { wearer: someone(ANNA), ...anna() }, KEEP],
  ['of whom a person has taken it off since', { ...anna('this'), ...followed(ANNA) }, UNKNOWN],
  [
    'of whom a person has taken it off, and it went on as unknown',
    { wearer: unknown(), ...anna('this'), ...followed(ANNA) },
    KEEP,
  ],
  [
    'its own patient, who should be elsewhere',
    { wearer: someone(ANNA), ...anna('another'), ...occupant(BEN) },
    KEEP,
  ],
  ['a patient in an empty bed', { ...anna() }, to(ANNA)],
  ['a patient who was unknown until now', { wearer: unknown(), ...anna() }, to(ANNA)],
  ['who was admitted there', { wearer: unknown(), ...anna('this'), ...occupant(ANNA) }, to(ANNA)],
  ['a patient who lies in another bed', { ...anna('another') }, UNKNOWN],
  ['a patient in the bed of another', { ...anna(), ...occupant(BEN) }, UNKNOWN],
  ['a number that nobody has', { isNamed: true }, UNKNOWN],
  ['such a number again', { isNamed: true, wearer: unknown() }, KEEP],
  [
    'such a number on what somebody wears: the door refuses it',
    { isNamed: true, wearer: someone(BEN) },
    KEEP,
  ],
  ['such a number in the bed of somebody', { isNamed: true, ...occupant(BEN) }, UNKNOWN],
  ['another patient than its own: the door refuses it', { wearer: someone(BEN), ...anna() }, KEEP],
  [
    'another patient, as was admitted',
    { wearer: someone(BEN), ...anna('this'), ...occupant(ANNA) },
    to(ANNA),
  ],
  [
    'another patient in another bed',
    { wearer: someone(BEN), ...anna(), isAtHome: false },
    to(ANNA),
  ],
  [
    'such a number in another bed',
    { wearer: someone(BEN), isNamed: true, isAtHome: false },
    UNKNOWN,
  ],
];

describe('whose a feed is, when it names nobody', () => {
  for (const [name, view, decision] of NAMELESS) {
    test(name, () => assert.deepEqual(decideWearer({ ...EMPTY, ...view }), decision));
  }
});

describe('whose a feed is, when it names a number', () => {
  for (const [name, view, decision] of NAMED) {
    test(name, () => assert.deepEqual(decideWearer({ ...EMPTY, ...view }), decision));
  }
});

const bed = fc.constantFrom('this' as const, 'another' as const, undefined);
const patient = fc.constantFrom(ANNA, BEN);
const anyView: fc.Arbitrary<FeedView> = fc
  .record({
    wearer: fc.oneof(
      fc.constant(undefined),
      fc.record({ id: patient, unknown: fc.constant(undefined), bed }),
      fc.tuple(fc.boolean(), fc.nat(9)).map(([here, since]) => unknown(here, since)),
    ),
    isAtHome: fc.boolean(),
    occupant: fc.option(fc.record({ id: patient, sinceMs: fc.nat(9), isFollowed: fc.boolean() }), {
      nil: undefined,
    }),
    isNamed: fc.boolean(),
    named: fc.option(fc.record({ id: patient, bed }), { nil: undefined }),
  })
  .map((view) => (view.isNamed ? view : { ...view, named: undefined }));

test('nothing is left without a wearer, and what was decided once stays decided', () => {
  fc.assert(
    fc.property(anyView, (view) => {
      const decision = decideWearer(view);
      if (view.wearer === undefined) assert.notEqual(decision.kind, 'as-it-is');
      if (decision.kind === 'as-it-is') return;
      const sinceMs = Math.max(10, view.occupant?.sinceMs ?? 0);
      const now =
        decision.kind === 'unknown' ? unknown(true, sinceMs) : someone(decision.id, 'this');
      const named = view.named && { ...view.named };
      assert.deepEqual(decideWearer({ ...view, named, isAtHome: true, wearer: now }), KEEP);
    }),
  );
});

test('nobody is given what names somebody else', () => {
  fc.assert(
    fc.property(anyView, (view) => {
      const decision = decideWearer(view);
      if (view.isNamed && decision.kind === 'patient') assert.equal(decision.id, view.named?.id);
    }),
  );
});

test('nobody gets back by the bed, or by a number, what a person has taken off them', () => {
  fc.assert(
    fc.property(anyView, (view) => {
      const decision = decideWearer(view);
      const isTheirs = decision.kind === 'patient' && decision.id === view.occupant?.id;
      if (isTheirs) assert.equal(view.occupant?.isFollowed, false);
    }),
  );
});
