import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceView } from '@ausculta/contract/devices';
import type { SubjectView } from '@ausculta/contract/subjects';
import { consequencesOf, type WearingPlan } from './wearing-plan.ts';

const HOUR = 3_600_000;

function patient(id: string, bed: string, devices: readonly string[]): SubjectView {
  const identity = { familyName: id, givenName: '', sex: 'unknown', recordNumber: `N-${id}`, bed };
  return {
    ...{ id, kind: 'patient', category: 'adult', paced: 'no', presence: 'here' },
    ...{ identity, readingsMoved: [] },
    devices: devices.map((device) => ({ id: device, model: '' })),
  } as SubjectView;
}

const ana = patient('Ana', '1', ['patch']);
const ben = patient('Ben', '2', ['patch', 'cuff']);
const eve = patient('Eve', '3', []);

function told(
  plan: WearingPlan,
  wearer: SubjectView | undefined,
  standsAt: DeviceView['standsAt'] = null,
) {
  const iso = (atMs: number) => new Date(atMs).toISOString();
  const span = wearer && { subjectId: wearer.id, from: iso(2 * HOUR), until: null };
  return consequencesOf(plan, {
    device: { id: 'patch', wornBy: wearer?.id ?? null, worn: span ? [span] : [], standsAt },
    subjects: [ana, ben, eve],
    moment: (atMs) => `${atMs / HOUR} h`,
    nowMs: 9 * HOUR,
  });
}

const CASES: [string, WearingPlan, SubjectView | undefined, RegExp, string | undefined][] = [
  [
    'given to another',
    { kind: 'give', toId: 'Eve', fromMs: undefined },
    ana,
    /^From now on patch measures Eve \(N-Eve, bed 3\)\. Ana \(N-Ana, bed 1\) wears it no longer\.$/,
    'Ana',
  ],
  [
    'given since a time',
    { kind: 'give', toId: 'Eve', fromMs: 4 * HOUR },
    ana,
    /^From 4 h on .* moves there\./,
    'Ana',
  ],
  [
    'given by one who has another device',
    { kind: 'give', toId: 'Eve', fromMs: undefined },
    ben,
    /Ben \(N-Ben, bed 2\) wears it no longer/,
    undefined,
  ],
  [
    'given while nobody wears it',
    { kind: 'give', toId: 'Eve', fromMs: undefined },
    undefined,
    /^From now on patch measures Eve \(N-Eve, bed 3\)\.$/,
    undefined,
  ],
  [
    'given to who wears it',
    { kind: 'give', toId: 'Ana', fromMs: undefined },
    ana,
    /measures Ana/,
    undefined,
  ],
  [
    'taken off',
    { kind: 'take-off', atMs: undefined },
    ana,
    /nobody wears patch\..*calls nobody/,
    'Ana',
  ],
  [
    'corrected in the past',
    { kind: 'correct', toId: 'Eve', fromMs: 3 * HOUR, untilMs: 4 * HOUR },
    ana,
    /from 3 h to 4 h leaves the record of Ana \(N-Ana, bed 1\), and goes into that of Eve/,
    undefined,
  ],
  [
    'corrected until now',
    { kind: 'correct', toId: null, fromMs: 3 * HOUR, untilMs: null },
    ana,
    /since 3 h leaves .* that of somebody unknown\. Both records/,
    'Ana',
  ],
  [
    'corrected before anybody wore it',
    { kind: 'correct', toId: 'Eve', fromMs: HOUR, untilMs: 2 * HOUR },
    ana,
    /^What patch measured from 1 h to 2 h goes into the record of Eve \(N-Eve, bed 3\)\.$/,
    undefined,
  ],
];

for (const [name, plan, wearer, says, unmonitored] of CASES) {
  test(`a device ${name}: what follows is said before it is done`, () => {
    const { says: sentences, unmonitored: left } = told(plan, wearer);
    assert.match(sentences.join(' '), says);
    assert.equal(left, unmonitored);
  });
}

test('whose record was erased is nobody’s name', () => {
  const plan = { kind: 'give', toId: 'gone', fromMs: undefined } as const;
  assert.match(told(plan, ana).says[0] ?? '', /not here any more/);
});

test('taken off at a bed that tells of itself, what it sends is the unknown patient’s of the bed', () => {
  const standsAt = { ward: 'ICU', bed: '1', admitted: 'Ana' };
  const { says } = told({ kind: 'take-off', atMs: undefined }, ana, standsAt);
  assert.match(says[1] ?? '', /shown and watched as “Bed 1, unknown”/);
});
