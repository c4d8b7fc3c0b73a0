import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SubjectView } from '@ausculta/contract/subjects';
import { bedWords } from './bed-words.ts';

const named = (id: string, bed: string) =>
  ({
    id,
    identity: { familyName: id, givenName: '', recordNumber: `N-${id}`, bed },
  }) as SubjectView;
const subjects = [named('Ana', '7'), named('Ben', '8')];
const standsAt = { ward: 'ICU', bed: '7', admitted: 'Ana' };

test('a device that measures whoever lies at its bed, or stands at none, needs no word', () => {
  assert.equal(bedWords({ standsAt, wornBy: 'Ana' }, subjects), undefined);
  assert.equal(bedWords({ standsAt: null, wornBy: null }, subjects), undefined);
  const nobody = { ...standsAt, admitted: null };
  assert.equal(bedWords({ standsAt: nobody, wornBy: 'Ben' }, subjects), undefined);
});

test('taken off who lies there, it says whom it does not measure, and what happens next', () => {
  const words = bedWords({ standsAt, wornBy: null }, subjects) ?? '';
  assert.match(
    words,
    /^It stands at bed 7 of ICU, where Ana \(N-Ana, bed 7\) was admitted, and does/,
  );
  assert.match(
    words,
    /shown and watched as “Bed 7, unknown”, until somebody says here whose it is/,
  );
});

test('worn by somebody else, it says who', () => {
  const words = bedWords({ standsAt: { ...standsAt, ward: '' }, wornBy: 'Ben' }, subjects) ?? '';
  assert.match(words, /^It stands at bed 7, where Ana/);
  assert.match(words, /What it sends goes to Ben \(N-Ben, bed 8\), until somebody/);
});
