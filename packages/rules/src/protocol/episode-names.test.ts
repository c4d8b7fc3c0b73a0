import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namingProblems } from './episode-names.ts';
import { ADULT_WARD, READY_PROTOCOLS } from './library.ts';

for (const protocol of READY_PROTOCOLS) {
  test(`the conditions of ${protocol.key} are named by what they are about`, () => {
    assert.deepEqual(namingProblems(protocol), []);
  });
}

test('a limit that calls itself a loss of monitoring is refused, with the name that it has to have', () => {
  const [first] = ADULT_WARD.rules;
  assert.ok(first !== undefined);
  const bent = { rules: [{ ...first, episodeKey: 'technical/no-data/monitor-1' }] };
  assert.deepEqual(namingProblems(bent), ['rules.0.episodeKey: limit/heart-rate/high']);
});
