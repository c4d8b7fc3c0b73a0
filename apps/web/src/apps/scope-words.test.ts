import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asksOf } from './scope-words.ts';

const CASES = [
  { word: 'patient/*.rs', title: 'See everything in the record', detail: 'Of this patient' },
  { word: 'patient/Observation.rs?category=vital-signs', title: 'See vital signs' },
  {
    word: 'patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory,vital-signs',
    title: 'See laboratory results and vital signs',
  },
  { word: 'patient/Condition.cruds', title: 'See, add, change and delete diagnoses' },
  { word: 'patient/Condition.write', title: 'Add, change and delete diagnoses' },
  {
    word: 'user/Patient.r',
    title: 'See name, birth date, address',
    detail: 'Of everybody whom you may see',
  },
  { word: 'user/Basic.c', title: 'Add “Basic”' },
] as const;

for (const { word, title, ...rest } of CASES) {
  test(`${word} is told as: ${title}`, () => {
    const [ask] = asksOf([word]);
    assert.equal(ask?.title, title);
    if ('detail' in rest) assert.equal(ask?.detail, rest.detail);
  });
}

test('who one is, and going on alone, are asked once each; how the app was opened is not', () => {
  const words = ['openid', 'fhirUser', 'launch/patient', 'offline_access', 'online_access'];
  assert.deepEqual(
    asksOf(words).map((ask) => ask.words),
    [['openid', 'fhirUser'], ['offline_access']],
  );
});
