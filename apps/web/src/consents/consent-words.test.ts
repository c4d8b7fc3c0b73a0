import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consentOf, type Wish } from './consent-form.ts';
import { readConsent } from './consent-words.ts';

const NOW = Date.parse('2026-11-22T10:00:00Z');
const words = {
  nameOf: (reference: string) => (reference === 'Practitioner/zoe' ? 'Zoe Berg' : 'somebody'),
  moment: (atMs: number) => new Date(atMs).toISOString().slice(0, 10),
};
const WISH: Wish = {
  ...{ subjectId: 'nine', roles: [], people: [], dataClasses: [], purposes: [] },
  ...{ untilMs: undefined, atMs: NOW },
};
const read = (changes: Partial<Wish>, more: object = {}) =>
  readConsent({ id: 'c1', ...consentOf({ ...WISH, ...changes }), ...more }, words);

const WISHES: readonly { wish: Partial<Wish>; says: string }[] = [
  { wish: {}, says: 'Everything is kept back from everybody.' },
  {
    wish: { roles: ['primary-care', 'pharmacist'], dataClasses: ['medication', 'laboratory'] },
    says: 'Kept back from every primary care and every pharmacist: medication; laboratory results.',
  },
  {
    wish: { people: [{ id: 'zoe', name: 'Zoe Berg' }], purposes: ['TREAT'] },
    says: 'Kept back from Zoe Berg: the whole record, for treatment.',
  },
  {
    wish: { dataClasses: ['documents'], untilMs: NOW + 86_400_000 },
    says: 'Kept back from everybody: notes, reports, pictures, until 2026-11-23.',
  },
];
for (const { wish, says } of WISHES) {
  test(`what is written by the form is read as it was meant: ${says}`, () => {
    assert.deepEqual(read(wish), { state: 'in-force', sentences: [says] });
  });
}

test('an opt-out says what is open all the same', () => {
  const policyRule = {
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'OPTOUT' }],
  };
  const provision = {
    type: 'permit',
    class: [{ system: 'urn:ausculta:data-class', code: 'vitals' }],
    code: [{ coding: [{ system: 'urn:ausculta:metric', code: 'heart-rate' }] }],
  };
  assert.deepEqual(read({}, { policyRule, provision }).sentences, [
    'Everything is kept back from everybody, but for what follows.',
    'Open to everybody: heart-rate alone.',
  ]);
  const optIn = readConsent({ id: 'c1', ...consentOf(WISH), provision: undefined }, words);
  assert.deepEqual(optIn.sentences, ['Nothing is kept back.']);
});

test('what cannot be read says so, and that everything is kept back until somebody has looked', () => {
  const { state, sentences } = read({}, { provision: { type: 'maybe' } });
  assert.equal(state, 'unreadable');
  assert.match(sentences.join(' '), /at Consent\.provision\.type.*kept back from everybody/);
});

test('what is withdrawn decides nothing, and a treatment order is none of ours', () => {
  const ended = read({ dataClasses: ['documents'] }, { status: 'inactive' });
  assert.deepEqual(ended, {
    state: 'ended',
    sentences: ['Kept back from everybody: notes, reports, pictures.'],
  });
  const scope = {
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'adr' }],
  };
  assert.equal(read({}, { scope }).state, 'not-ours');
});
