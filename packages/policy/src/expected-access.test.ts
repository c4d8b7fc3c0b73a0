// The table of rules against what is expected of it, in fixtures/expected-access.txt: each role, purpose,
// data class, action and relation, alone and with each condition, at home and across organisations.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { decide } from './decide.ts';
import { readExpectations } from './fixtures/expectations.ts';
import {
  ALL_DATA,
  ALL_PURPOSES,
  BROKEN_GLASS,
  grant,
  question,
  YES_TO_ALL,
} from './fixtures/question.ts';
import { ACTIONS, RELATIONS, type Relation, ROLES } from './vocabulary.ts';

const ALL_RELATIONS = Object.keys(RELATIONS) as Relation[];

const EXPECTED = readExpectations(
  readFileSync(new URL('fixtures/expected-access.txt', import.meta.url), 'utf8'),
);

const CONDITIONS = [
  [],
  ['alarm-owed'],
  ['break-glass'],
  ['consent'],
  ['grant'],
  ['synthetic'],
  ['de-identified'],
  ['de-identified', 'consent'],
];

const TO_SINK = grant({ id: 'to-sink', toOrganisationId: 'house-c' });
const LICENCE = { mayLieIn: ['EU'], purposes: ALL_PURPOSES, untilMs: Number.MAX_SAFE_INTEGER };

function ask(
  conditions: readonly string[],
  relations: readonly Relation[],
  asked: Pick<Parameters<typeof decide>[0], 'action' | 'dataClass' | 'purpose'> & {
    readonly role: (typeof ROLES)[number];
    readonly house: 'house-a' | 'house-b';
  },
): boolean {
  const { role, house, ...what } = asked;
  const isLeaving = what.action === 'export' || what.action === 'disclose';
  const organisationId = what.action === 'disclose' ? 'house-c' : house;
  const toDevice = grant({ id: 'to-device', toActorId: 'seven', toOrganisationId: house });
  const decision = decide(
    question({
      ...what,
      actor: { role, relations, organisationId: house },
      target: {
        licence: LICENCE,
        isAlarmOwed: conditions.includes('alarm-owed'),
        isSynthetic: conditions.includes('synthetic'),
        isDeIdentified: conditions.includes('de-identified'),
      },
      consents: conditions.includes('consent') ? [YES_TO_ALL] : [],
      grants: [
        TO_SINK,
        ...(house === 'house-b' ? [grant()] : []),
        ...(conditions.includes('grant') ? [toDevice] : []),
      ],
      ...(conditions.includes('break-glass') ? { breakGlass: BROKEN_GLASS } : {}),
      ...(isLeaving ? { sink: { kind: 'organisation', organisationId, jurisdiction: 'FR' } } : {}),
    }),
  );
  return decision.isPermitted;
}

for (const role of ROLES) {
  test(`a ${role} may do what is expected, and nothing else`, () => {
    for (const purpose of ALL_PURPOSES) {
      for (const dataClass of ALL_DATA) {
        for (const action of ACTIONS) walk({ role, purpose, dataClass, action });
      }
    }
  });
}

function walk(asked: Omit<Parameters<typeof ask>[2], 'house'>): void {
  const { role, purpose, dataClass, action } = asked;
  const lines = EXPECTED.get(`${role} ${purpose} ${dataClass} ${action}`) ?? [];
  for (const conditions of CONDITIONS) {
    const open = lines
      .filter((line) => line.conditions.every((one) => conditions.includes(one)))
      .flatMap(({ relations }) => relations);
    const name = `${role} ${purpose} ${dataClass} ${action} [${conditions}]`;
    if (open.length === 0) {
      // Nobody at all: whoever stands in every relation at once is refused too.
      assert.equal(ask(conditions, ALL_RELATIONS, { ...asked, house: 'house-a' }), false, name);
      assert.equal(ask(conditions, ALL_RELATIONS, { ...asked, house: 'house-b' }), false, name);
      continue;
    }
    for (const relation of ALL_RELATIONS) {
      const isNear = open.includes(relation) || open.includes('none');
      const isHome = isNear || open.includes('organisation');
      const isAway = relation === 'organisation' ? open.includes('none') : isNear;
      const at = `${name} ${relation}`;
      assert.equal(ask(conditions, [relation], { ...asked, house: 'house-a' }), isHome, at);
      assert.equal(ask(conditions, [relation], { ...asked, house: 'house-b' }), isAway, at);
    }
  }
}

test('every line of the expectation names a role', () => {
  const roles = new Set([...EXPECTED.keys()].map((key) => key.split(' ')[0]));
  assert.deepEqual([...roles].sort(), [...ROLES].sort());
});
