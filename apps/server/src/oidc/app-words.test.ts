import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asksForProof } from './app-words.ts';

for (const [words, isAsked] of [
  ['launch/patient openid fhirUser online_access patient/*.rs', false],
  ['user/Observation.read patient/Condition.rs?category=problem-list-item', false],
  ['patient/*.rs offline_access', true],
  ['patient/Observation.c', true],
  ['user/Condition.rus', true],
  ['patient/Observation.d', true],
  ['patient/Observation.write', true],
  ['user/*.*', true],
  ['patient/Observation.c?category=vital-signs', true],
] as const)
  test(`${words} is ${isAsked ? '' : 'not '}let in by a fresh proof alone`, () => {
    assert.equal(asksForProof(words.split(' ')), isAsked);
  });
