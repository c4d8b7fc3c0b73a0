// How many decisions one core takes: `npm run bench -- policy --json`. Four questions of a working
// night, each with another outcome, so that no branch is learned by heart.
import assert from 'node:assert/strict';
import { type Decision, decide } from '../packages/policy/src/decide.ts';
import { compileConsent } from '../packages/policy/src/fhir-consent.ts';
import type { AccessRequest } from '../packages/policy/src/request.ts';
import { parseScopes } from '../packages/policy/src/smart-scope.ts';
import { bestRate } from './blocks/stopwatch.ts';
import { openReport } from './report.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 21);
const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const PART = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';
const LOINC = 'http://loinc.org';

/** Open to those who treat, but for one house, and for the heart rate at night. */
const CONSENT = compileConsent(
  {
    resourceType: 'Consent',
    id: 'c1',
    status: 'active',
    scope: {
      coding: [
        { system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' },
      ],
    },
    patient: { reference: 'Patient/p9' },
    policyRule: { coding: [{ system: ACT_CODE, code: 'OPTIN' }] },
    provision: {
      provision: [
        {
          type: 'deny',
          actor: [
            {
              role: { coding: [{ system: PART, code: 'IRCP' }] },
              reference: { reference: 'Organization/house-z' },
            },
          ],
        },
        {
          type: 'deny',
          code: [{ coding: [{ system: LOINC, code: '8867-4' }] }],
          period: { start: '2026-12-01' },
        },
      ],
    },
  },
  { utcOffsetMinutes: 60 },
);
assert.ok(CONSENT.ok);

const ROUND: AccessRequest = {
  nowMs: NOW_MS,
  action: 'read',
  dataClass: 'vitals',
  purpose: 'TREAT',
  consents: [CONSENT.consent],
  grants: [],
  actor: {
    id: 'n7',
    role: 'nurse',
    organisationId: 'house-a',
    relations: ['on-shift', 'care-team'],
    references: ['Practitioner/n7', 'Organization/house-a'],
  },
  target: {
    organisationId: 'house-a',
    subjectId: 'p9',
    metric: 'heart-rate',
    utcOffsetMinutes: 60,
    jurisdiction: 'DE',
  },
};

const FOREIGN: AccessRequest = {
  ...ROUND,
  actor: { ...ROUND.actor, organisationId: 'house-b', relations: ['care-team'] },
  grants: [
    {
      id: 'g1',
      fromOrganisationId: 'house-a',
      toOrganisationId: 'house-b',
      dataClasses: ['identity', 'vitals', 'alarms'],
      actions: ['read', 'stream'],
      purposes: ['TREAT'],
      fromMs: NOW_MS - 1,
      untilMs: NOW_MS + 1,
      onward: 'none',
    },
  ],
};

const QUESTIONS: readonly { readonly name: string; readonly question: AccessRequest }[] = [
  { name: 'a number read under a consent', question: ROUND },
  {
    name: 'an alarm acknowledged on shift',
    question: { ...ROUND, action: 'acknowledge', dataClass: 'alarms' },
  },
  { name: 'read across organisations by grant', question: FOREIGN },
  {
    name: 'read by an app with granular scopes',
    question: {
      ...ROUND,
      smart: {
        scopes: parseScopes('launch patient/Observation.rs?category=vital-signs'),
        patientId: 'p9',
      },
    },
  },
];

const REFUSED: AccessRequest = { ...ROUND, actor: { ...ROUND.actor, relations: [] } };

const ASKED_PER_S = 500_000;
/** Calls of one slice between two looks at the clock. */
const AT_ONCE = 1000;

/** A missed target is said in its line and does not fail the bench; a wrong decision does. */
export async function main(args: readonly string[]): Promise<number> {
  const report = openReport(args);
  const add = (metric: string, perS: number) =>
    report.add({
      bench: 'policy',
      metric,
      value: Math.round(perS),
      unit: 'decision/s',
      target: { bound: 'atLeast', value: ASKED_PER_S },
    });
  const mixed = [...QUESTIONS.map(({ question }) => question), REFUSED];
  for (const { name, question } of QUESTIONS) {
    const mustBe = (decision: Decision) => decision.isPermitted;
    add(name, rateOf([question], mustBe));
  }
  add(
    'refused',
    rateOf([REFUSED], ({ isPermitted }) => !isPermitted),
  );
  add(
    'all of them in turns',
    rateOf(mixed, () => true),
  );
  return 0;
}

function rateOf(questions: readonly AccessRequest[], isRight: (decision: Decision) => boolean) {
  const perSlice = bestRate(() => {
    let right = 0;
    for (let call = 0; call < AT_ONCE; call++) {
      const question = questions[call % questions.length];
      if (question !== undefined && isRight(decide(question))) right += 1;
    }
    assert.equal(right, AT_ONCE);
  });
  return perSlice * AT_ONCE;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
