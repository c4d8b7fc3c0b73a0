import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newcomerOf } from './newcomers.ts';

const roles = { 'ward-nurses': ['nurse' as const], doctors: ['physician' as const] };
const rolesByGroup = { claim: 'groups', roles };
const EVE = { sub: '81f2', preferred_username: 'eve', name: 'Eve Example' };

test('where the operator has named no groups, nobody has an account made', () => {
  assert.equal(
    newcomerOf({ rolesByGroup: undefined }, { ...EVE, groups: ['ward-nurses'] }),
    undefined,
  );
});

for (const [groups, expected] of [
  [['ward-nurses'], ['nurse']],
  [
    ['doctors', 'ward-nurses', 'choir'],
    ['nurse', 'physician'],
  ],
  ['doctors', ['physician']],
] as const)
  test(`whoever is of ${JSON.stringify(groups)} is ${expected.join(' and ')}`, () => {
    const made = newcomerOf({ rolesByGroup }, { ...EVE, groups });
    assert.deepEqual(
      [made?.loginName, made?.displayName, made?.roles],
      [...['eve', 'Eve Example'], [...expected]],
    );
  });

for (const groups of [undefined, null, [], ['choir'], 'ward-nurses,doctors', { 'ward-nurses': 1 }])
  test(`whoever is of ${JSON.stringify(groups)} has no account made`, () => {
    assert.equal(newcomerOf({ rolesByGroup }, { ...EVE, groups }), undefined);
  });

test('a group that is called as a part of every object opens nothing', () => {
  const claims = { ...EVE, groups: ['constructor', '__proto__', 'toString'] };
  assert.equal(newcomerOf({ rolesByGroup }, claims), undefined);
});

test('a name that no login may have makes no account', () => {
  const groups = ['doctors'];
  for (const preferred_username of ['', 'a\u0000b', 'x'.repeat(101), 7])
    assert.equal(newcomerOf({ rolesByGroup }, { ...EVE, groups, preferred_username }), undefined);
});
