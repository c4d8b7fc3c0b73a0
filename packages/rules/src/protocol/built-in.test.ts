import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UTC } from '../detectors/zone.ts';
import { builtInRules, NO_PROTOCOL } from './built-in.ts';
import { ADULT_WARD } from './library.ts';
import { HEART_FAILURE_HOME } from './library-home.ts';
import { type Override, type Patient, planAt, whyRefused } from './plan.ts';
import type { Protocol } from './protocol.ts';
import { calling } from './rule-forms.ts';

const NOW = Date.UTC(2026, 10, 23);
const ADULT: Patient = { category: 'adult', spo2Scale: 1, zone: UTC };
const builtIn = builtInRules('adult');

const saturation = (limit: number, more: object = {}): Protocol => ({
  key: 'own',
  version: 1,
  categories: ['adult'],
  rules: [
    {
      ...calling('limit/spo2/low', 'high', {
        source: 'a clinician',
        detector: {
          ...{ kind: 'limit', vital: 'spo2', direction: 'low' },
          ...{ limit, delayMs: 10_000, clearance: 1 },
        },
      }),
      ...more,
    },
  ],
});

function keysOf(protocol: Protocol, patient = ADULT): string[] {
  const rules = builtInRules(patient.category);
  return planAt({ protocol, patient, overrides: [], builtIn: rules }, NOW).rules.map(
    ({ rule, origin }) => `${rule.key} ${origin.from}`,
  );
}

test('without a protocol every built-in limit watches, and says that it is built in', () => {
  assert.deepEqual(
    keysOf(NO_PROTOCOL),
    builtIn.map(({ key }) => `${key} built-in`),
  );
});

test('the ward protocol has them all, so none is added', () => {
  assert.ok(keysOf(ADULT_WARD).every((one) => one.endsWith(' protocol')));
});

test('who is given a protocol about weights keeps the limits of a heart rate', () => {
  const keys = keysOf(HEART_FAILURE_HOME);
  assert.ok(keys.includes('trend/weight/high protocol'));
  assert.ok(keys.includes('limit/heart-rate/high built-in'));
});

test('a limit of a protocol takes the place of the ready one, and the essential outer one stays', () => {
  const keys = keysOf(saturation(88)).filter((one) => one.includes('spo2'));
  assert.deepEqual(keys, ['limit/spo2/low protocol', 'limit/spo2/low/outer built-in']);
});

test('a line under the key of an essential one that calls later does not take its place', () => {
  const wider = saturation(70, { key: 'limit/spo2/low/outer', isEssential: true });
  const keys = keysOf(wider).filter((one) => one.includes('spo2'));
  assert.deepEqual(keys, [
    'limit/spo2/low/outer protocol',
    'limit/spo2/low/outer/built-in built-in',
  ]);
});

const rateAt = (limit: number, priority: 'high' | 'medium' | 'low'): Protocol => {
  const detector = { kind: 'limit', vital: 'heart-rate', direction: 'high', limit } as const;
  const rule = calling('limit/heart-rate/high', priority, {
    source: 'a clinician',
    detector: { ...detector, delayMs: 2_000, clearance: 2 },
  });
  return { key: 'own', version: 1, categories: ['adult'], rules: [rule] };
};

test('a limit that calls less does not take the place of one that calls at high, and both watch', () => {
  const taken = (priority: 'high' | 'medium' | 'low') =>
    keysOf(rateAt(200, priority)).filter((one) => one.includes('heart-rate/high'));
  const both = ['limit/heart-rate/high protocol', 'limit/heart-rate/high/built-in built-in'];
  assert.deepEqual(taken('low'), both);
  assert.deepEqual(taken('medium'), both);
  assert.deepEqual(taken('high'), ['limit/heart-rate/high protocol']);
});

test('of several lines one that calls at high is enough, and the lesser ones stay beside it', () => {
  const [low, high] = [rateAt(110, 'low'), rateAt(140, 'high')].map(({ rules }) => rules);
  const lesser = (low ?? []).map((rule) => ({ ...rule, key: 'limit/heart-rate/high/early' }));
  const protocol = { ...rateAt(140, 'high'), rules: [...lesser, ...(high ?? [])] };
  const keys = keysOf(protocol).filter((one) => one.includes('heart-rate/high'));
  assert.deepEqual(keys, [
    'limit/heart-rate/high/early protocol',
    'limit/heart-rate/high protocol',
  ]);
});

test('the outer saturation stays at high without delay, whatever a protocol makes of its line', () => {
  const outer = { key: 'limit/spo2/low/outer', isEssential: true };
  const { detector } = saturation(80).rules[0] ?? assert.fail();
  const atOnce = { ...outer, detector: { ...detector, delayMs: 0 } };
  const linesOf = (more: object) =>
    keysOf(saturation(80, more)).filter((one) => one.includes('outer'));
  const both = ['limit/spo2/low/outer protocol', 'limit/spo2/low/outer/built-in built-in'];
  assert.deepEqual(linesOf({ ...atOnce, priority: 'medium' }), both);
  assert.deepEqual(linesOf({ ...outer, priority: 'high' }), both, 'delayed');
  assert.deepEqual(linesOf({ ...atOnce, isEssential: undefined }), both, 'not essential');
  assert.deepEqual(linesOf(atOnce), ['limit/spo2/low/outer protocol']);
});

test('a child has the limits of devices alone, whatever the protocol of adults says', () => {
  const child: Patient = { ...ADULT, category: 'child' };
  assert.deepEqual(
    keysOf(saturation(88), child).filter((one) => one.endsWith('built-in')),
    ['technical/battery/low built-in'],
  );
});

test('a built-in limit is overridden like any other, and the essential one is never switched off', () => {
  const assigned = { protocol: NO_PROTOCOL, patient: ADULT, builtIn };
  const override: Override = {
    ruleKey: 'limit/heart-rate/high',
    change: { kind: 'limit', limit: 140 },
    ...{ author: 'Dr Sample', reason: 'fever', fromMs: NOW, untilMs: NOW + 1_000 },
  };
  assert.equal(whyRefused(override, assigned), undefined);
  const plan = planAt({ ...assigned, overrides: [override] }, NOW);
  const own = plan.rules.find(({ rule }) => rule.key === override.ruleKey);
  assert.equal(own?.origin.from, 'override');
  assert.equal(own?.rule.detector.kind === 'limit' && own.rule.detector.limit, 140);
  const off = { ...override, ruleKey: 'limit/spo2/low/outer', change: { kind: 'off' } as const };
  assert.equal(whyRefused(off, assigned), 'never-off');
});
