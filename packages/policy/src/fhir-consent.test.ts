import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CompiledConsent } from './consent.ts';
import { decide } from './decide.ts';
import { compileConsent } from './fhir-consent.ts';
import { NOW_MS, question } from './fixtures/question.ts';

const ACT_REASON = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';
const PART = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';
const OPTIONS = { utcOffsetMinutes: 60 };

function policyRule(code: string) {
  return { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code }] };
}

function recipient(reference: string) {
  return { role: { coding: [{ system: PART, code: 'IRCP' }] }, reference: { reference } };
}

function resource(changes: object = {}): Record<string, unknown> {
  return {
    resourceType: 'Consent',
    id: 'c1',
    status: 'active',
    scope: {
      coding: [
        { system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' },
      ],
    },
    category: [{ text: 'privacy' }],
    patient: { reference: 'Patient/nine' },
    policyRule: policyRule('OPTIN'),
    ...changes,
  };
}

function compiled(changes: object): CompiledConsent {
  const result = compileConsent(resource(changes), OPTIONS);
  assert.ok(result.ok, result.ok ? '' : result.fault.at);
  return result.consent;
}

interface Asked {
  readonly nowMs?: number;
  readonly target?: object;
}

/** What the treating nurse is told. */
function nurse(changes: object, { nowMs = NOW_MS, target = {} }: Asked = {}): boolean {
  const consents = [compiled(changes)];
  const actor = { relations: ['care-team'] } as const;
  return decide(question({ actor, consents, nowMs, target })).isPermitted;
}

test('OPTIN lets everybody who treats read, OPTOUT nobody', () => {
  for (const code of ['OPTIN', 'OPTINR'])
    assert.equal(nurse({ policyRule: policyRule(code) }), true);
  for (const code of ['OPTOUT', 'OPTOUTE']) {
    assert.equal(nurse({ policyRule: policyRule(code) }), false);
  }
});

test('one nurse is kept out, the others are not', () => {
  const keeping = (who: string) => ({
    provision: { provision: [{ type: 'deny', actor: [recipient(who)] }] },
  });
  assert.equal(nurse(keeping('Practitioner/seven')), false);
  assert.equal(nurse(keeping('Practitioner/eight')), true);
  assert.equal(nurse(keeping('Organization/house-a')), false);
});

test('an exception to an exception counts, to any depth that a person can follow', () => {
  const inner = { type: 'permit', actor: [recipient('Practitioner/seven')] };
  const outer = { type: 'deny', actor: [recipient('Organization/house-a')], provision: [inner] };
  assert.equal(nurse({ provision: { provision: [outer] } }), true);
  const innermost = { type: 'deny', purpose: [{ system: ACT_REASON, code: 'TREAT' }] };
  const deep = { ...outer, provision: [{ ...inner, provision: [innermost] }] };
  assert.equal(nurse({ provision: { provision: [deep] } }), false);
});

test('siblings have no order: the one that denies counts', () => {
  const yes = { type: 'permit', actor: [recipient('Practitioner/seven')] };
  const no = { type: 'deny', purpose: [{ system: ACT_REASON, code: 'TREAT' }] };
  for (const provision of [
    [yes, no],
    [no, yes],
  ]) {
    assert.equal(nurse({ policyRule: policyRule('OPTOUT'), provision: { provision } }), false);
  }
});

test('an exception holds within what it is an exception to', () => {
  const root = {
    purpose: [{ system: ACT_REASON, code: 'HRESCH' }],
    provision: [{ type: 'deny', actor: [recipient('Practitioner/seven')] }],
  };
  assert.equal(nurse({ provision: root }), true);
});

test('a type on the root is the base itself, and beside a policyRule its first exception', () => {
  assert.equal(nurse({ policyRule: undefined, provision: { type: 'deny' } }), false);
  const opened = { type: 'permit', actor: [recipient('Practitioner/seven')] };
  assert.equal(nurse({ policyRule: policyRule('OPTOUT'), provision: opened }), true);
  const other = { type: 'permit', actor: [recipient('Practitioner/eight')] };
  assert.equal(nurse({ policyRule: policyRule('OPTOUT'), provision: other }), false);
});

test('a consent about who keeps the data binds that house alone', () => {
  const kept = (by: string) => ({
    policyRule: policyRule('OPTOUT'),
    provision: {
      actor: [
        {
          role: { coding: [{ system: PART, code: 'CST' }] },
          reference: { reference: `Organization/${by}` },
        },
      ],
    },
  });
  assert.equal(nurse(kept('house-a')), false);
  assert.equal(nurse(kept('house-b')), true);
});

const DENIED = (condition: object) => ({
  provision: { provision: [{ type: 'deny', ...condition }] },
});

test('a metric is kept back by its LOINC code, and a question about all metrics with it', () => {
  const heartRate = DENIED({
    code: [{ coding: [{ system: 'http://loinc.org', code: '8867-4' }] }],
  });
  assert.equal(nurse(heartRate, { target: { metric: 'spo2' } }), true);
  assert.equal(nurse(heartRate, { target: { metric: 'heart-rate' } }), false);
  assert.equal(nurse(heartRate), false);
});

test('a metric that is opened opens no question about all of them', () => {
  const provision = {
    type: 'permit',
    code: [{ coding: [{ system: 'urn:ausculta:metric', code: 'spo2' }] }],
  };
  const onlySpo2 = { policyRule: policyRule('OPTOUT'), provision };
  assert.equal(nurse(onlySpo2, { target: { metric: 'spo2' } }), true);
  assert.equal(nurse(onlySpo2, { target: { metric: 'heart-rate' } }), false);
  assert.equal(nurse(onlySpo2), false);
});

const PERIODS = [
  { end: '2026-11-21', lastMs: Date.UTC(2026, 10, 21, 22, 59, 59, 999) },
  { end: '2026-11', lastMs: Date.UTC(2026, 10, 30, 22, 59, 59, 999) },
  { end: '2026', lastMs: Date.UTC(2026, 11, 31, 22, 59, 59, 999) },
  { end: '2026-11-21T22:00:00+01:00', lastMs: Date.UTC(2026, 10, 21, 21, 0, 0, 999) },
  { end: '2026-11-21T21:00:00.5Z', lastMs: Date.UTC(2026, 10, 21, 21, 0, 0, 599) },
] as const;

for (const { end, lastMs } of PERIODS) {
  test(`a denial until ${end} holds to its last millisecond`, () => {
    const denied = DENIED({ period: { end } });
    assert.equal(nurse(denied, { nowMs: lastMs }), false);
    assert.equal(nurse(denied, { nowMs: lastMs + 1 }), true);
  });
}

test('a denial from a day on begins with it, where the person lives', () => {
  const denied = DENIED({ period: { start: '2026-11-22' } });
  const fromMs = Date.UTC(2026, 10, 21, 23);
  assert.equal(nurse(denied, { nowMs: fromMs - 1 }), true);
  assert.equal(nurse(denied, { nowMs: fromMs }), false);
});

function hours(from: string, until: string) {
  return {
    extension: [
      {
        url: 'urn:ausculta:consent-hours',
        extension: [
          { url: 'from', valueTime: `${from}:00` },
          { url: 'until', valueTime: `${until}:00` },
        ],
      },
    ],
  };
}

test('a night kept back begins at ten and ends at six, in the person’s own time', () => {
  const night = DENIED(hours('22:00', '06:00'));
  const target = { utcOffsetMinutes: 60 };
  const tenMs = Date.UTC(2026, 10, 21, 21);
  const sixMs = Date.UTC(2026, 10, 22, 5);
  assert.equal(nurse(night, { nowMs: tenMs - 1, target }), true);
  assert.equal(nurse(night, { nowMs: tenMs, target }), false);
  assert.equal(nurse(night, { nowMs: sixMs - 1, target }), false);
  assert.equal(nurse(night, { nowMs: sixMs, target }), true);
  assert.equal(nurse(night, { nowMs: sixMs }), false, 'nobody knows the hour');
});

test('an answer says until when it holds: the next hour, or the next date', () => {
  const actor = { relations: ['care-team'] } as const;
  const target = { utcOffsetMinutes: 60 };
  const nowMs = Date.UTC(2026, 10, 21, 20, 30);
  const night = compiled(DENIED(hours('22:00', '06:00')));
  const first = decide(question({ actor, consents: [night], nowMs, target }));
  assert.ok(first.isPermitted);
  assert.equal(first.askAgainAtMs, Date.UTC(2026, 10, 21, 21));
  const dated = compiled(DENIED({ period: { start: '2026-11-22' } }));
  const second = decide(question({ actor, consents: [dated], nowMs, target }));
  assert.ok(second.isPermitted);
  assert.equal(second.askAgainAtMs, Date.UTC(2026, 10, 21, 23));
});

test('old data are kept back, what overlaps them too, live data are not', () => {
  const old = DENIED({ dataPeriod: { end: '2025-12-31' } });
  const edgeMs = Date.UTC(2025, 11, 31, 23);
  const at = (dataFromMs: number, dataUntilMs: number) => ({ target: { dataFromMs, dataUntilMs } });
  assert.equal(nurse(old, at(edgeMs, edgeMs + 1)), true);
  assert.equal(nurse(old, at(edgeMs - 1, edgeMs + 1)), false);
  assert.equal(nurse(old), false, 'nobody said of when');
  const actor = { relations: ['care-team'] } as const;
  const live = question({ action: 'stream', actor, consents: [compiled(old)] });
  assert.equal(decide(live).isPermitted, true);
});

test('a withdrawn consent opens nothing, and closes nothing any more', () => {
  const payer = { role: 'payer-analyst', relations: ['programme'] } as const;
  const ask = (status: string) => {
    const provision = { type: 'permit', purpose: [{ system: ACT_REASON, code: 'HPAYMT' }] };
    const consents = [compiled({ status, policyRule: undefined, provision })];
    const asked = { dataClass: 'aggregates', purpose: 'HPAYMT', actor: payer, consents } as const;
    return decide(question(asked)).isPermitted;
  };
  assert.equal(ask('active'), true);
  for (const status of ['inactive', 'entered-in-error', 'rejected', 'draft', 'proposed']) {
    assert.equal(ask(status), false, status);
  }
  assert.equal(nurse({ status: 'inactive', policyRule: policyRule('OPTOUT') }), true);
});

test('a consent to research says nothing about treatment', () => {
  const scope = {
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'research' }],
  };
  assert.equal(nurse({ scope, policyRule: policyRule('OPTOUT') }), true);
});

const PLACES = [
  { at: 'Consent', json: 7 },
  { at: 'Consent', json: null },
  { at: 'Consent.resourceType', json: {} },
  { at: 'Consent.id', json: resource({ id: 7 }) },
  { at: 'Consent.status', json: resource({ status: 'perhaps' }) },
  { at: 'Consent.scope', json: resource({ scope: { coding: [{ code: 'patient-privacy' }] } }) },
  { at: 'Consent.patient.reference', json: resource({ patient: { reference: 'Group/1' } }) },
  { at: 'Consent.modifierExtension', json: resource({ modifierExtension: [{}] }) },
  { at: 'Consent.policyRule', json: resource({ policyRule: undefined }) },
  { at: 'Consent.policyRule', json: resource({ policyRule: undefined, provision: {} }) },
  { at: 'Consent.provision', json: resource({ provision: [] }) },
  { at: 'Consent.provision.type', json: resource({ provision: { type: 'maybe' } }) },
  { at: 'Consent.provision.data', json: resource({ provision: { data: [{}] } }) },
  {
    at: 'Consent.provision.purpose[0]',
    json: resource({ provision: { purpose: [{ code: 'X' }] } }),
  },
  { at: 'Consent.provision.purpose', json: resource({ provision: { purpose: [] } }) },
  { at: 'Consent.provision.class[0]', json: resource({ provision: { class: [{ code: 'X' }] } }) },
  { at: 'Consent.provision.actor[0]', json: resource({ provision: { actor: [{}] } }) },
  {
    at: 'Consent.provision.period',
    json: resource({ provision: { period: { end: '2026-02-30' } } }),
  },
  {
    at: 'Consent.provision.period',
    json: resource({ provision: { period: { start: '2027', end: '2026' } } }),
  },
  {
    at: 'Consent.provision.extension',
    json: resource({ provision: hours('08:00', '08:00') }),
  },
  {
    at: 'Consent.provision.provision[0].type',
    json: resource({ provision: { provision: [{}] } }),
  },
] as const;

for (const { at, json } of PLACES) {
  test(`what cannot be understood at ${at} is refused with its place`, () => {
    const result = compileConsent(json, OPTIONS);
    assert.deepEqual(result, { ok: false, fault: { code: 'CONSENT_UNREADABLE', at } });
  });
}

test('an advance directive is not ours to apply', () => {
  const scope = {
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'adr' }],
  };
  const result = compileConsent(resource({ scope }), OPTIONS);
  assert.ok(!result.ok);
  assert.equal(result.fault.code, 'NOT_ABOUT_SHARING');
});

test('a consent nested beyond reason, or of hundreds of provisions, is refused', () => {
  let deep: object = { type: 'deny' };
  for (let depth = 0; depth < 8; depth++) deep = { type: 'deny', provision: [deep] };
  assert.equal(compileConsent(resource({ provision: deep }), OPTIONS).ok, false);
  const many = { provision: new Array(256).fill({ type: 'deny' }) };
  assert.equal(compileConsent(resource({ provision: many }), OPTIONS).ok, false);
});
