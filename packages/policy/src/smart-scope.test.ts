import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from './decide.ts';
import { question } from './fixtures/question.ts';
import { isCoveredBy, parseScopes, type SmartAccess, scopesAllow } from './smart-scope.ts';

const VITAL = 'http://terminology.hl7.org/CodeSystem/observation-category|vital-signs';
const READ = { action: 'read', dataClass: 'vitals', subjectId: 'nine' } as const;

const CASES = [
  { text: 'patient/Observation.rs', opens: true },
  { text: 'patient/*.rs', opens: true },
  { text: 'patient/*.cruds', opens: true },
  { text: 'user/Observation.r', opens: true },
  { text: 'system/*.r', opens: true },
  { text: 'openid fhirUser launch/patient patient/Observation.r', opens: true },
  { text: `patient/Observation.rs?category=${VITAL}`, opens: true },
  { text: 'patient/Observation.rs?category=vital-signs', opens: true },
  { text: 'patient/Observation.rs?category=laboratory,vital-signs', opens: true },
  { text: `patient/Observation.rs?category=${encodeURIComponent(VITAL)}`, opens: true },
  { text: 'patient/Observation.rs?category=laboratory', opens: false },
  { text: 'patient/Observation.rs?category=vital-signs&code=8867-4', opens: false },
  { text: 'patient/Observation.rs?_tag=x', opens: false },
  { text: 'patient/Observation.rs?', opens: false },
  { text: 'patient/Observation.rs?category=%E0%A4%A', opens: false },
  { text: 'patient/Observation.sr', opens: false },
  { text: 'patient/Observation.', opens: false },
  { text: 'patient/Observation.read', opens: true },
  { text: 'patient/*.*', opens: true },
  { text: 'patient/Observation.write', opens: false },
  { text: 'patient/Observation.read?category=vital-signs', opens: false },
  { text: 'patient/Observation.constructor', opens: false },
  { text: 'patient/Observation.s', opens: false },
  { text: 'patient/Patient.rs', opens: false },
  { text: 'Patient/Observation.rs', opens: false },
  { text: 'patient/observation.rs', opens: false },
  { text: 'patient/__proto__.rs', opens: false },
  { text: '', opens: false },
  { text: `patient/*.rs${' '.repeat(8192)}`, opens: false },
] as const;

for (const { text, opens } of CASES) {
  const name = text.length > 80 ? 'a scope without end' : text;
  test(`${name || 'no scope'} ${opens ? 'lets' : 'does not let'} an app read vital signs`, () => {
    const smart: SmartAccess = { scopes: parseScopes(text), patientId: 'nine' };
    assert.equal(scopesAllow(smart, READ), opens);
  });
}

test('a scope of the patient is about the person of the launch alone', () => {
  const scopes = parseScopes('patient/*.cruds');
  assert.equal(scopesAllow({ scopes, patientId: 'ten' }, READ), false);
  assert.equal(scopesAllow({ scopes }, READ), false);
  assert.equal(scopesAllow({ scopes }, { ...READ, subjectId: undefined }), false);
});

test('following live needs both to read and to search, from one scope or from two', () => {
  const act = { ...READ, action: 'stream' } as const;
  const allow = (text: string) => scopesAllow({ scopes: parseScopes(text) }, act);
  assert.equal(allow('user/Observation.r'), false);
  assert.equal(allow('user/Observation.r user/Observation.s'), true);
});

test('no scope lets an app command a device or administer', () => {
  const scopes = parseScopes('user/*.cruds system/*.cruds');
  for (const action of ['command', 'administer'] as const) {
    assert.equal(scopesAllow({ scopes }, { ...READ, action, dataClass: 'devices' }), false);
  }
});

test('a resource that is not of the category is not read by a granular scope', () => {
  const scopes = parseScopes('user/Observation.rs?category=vital-signs');
  const tokens = { category: ['http://example.org|other'] };
  assert.equal(scopesAllow({ scopes, resource: { type: 'Observation', tokens } }, READ), false);
});

test('a token opens nothing to somebody who may not', () => {
  const smart = { scopes: parseScopes('user/*.cruds'), patientId: 'nine' };
  assert.equal(decide(question({ smart })).isPermitted, false);
  const actor = { relations: ['care-team'] } as const;
  assert.equal(decide(question({ actor, smart })).isPermitted, true);
  const narrow = decide(question({ actor, smart: { scopes: [] } }));
  assert.equal(!narrow.isPermitted && narrow.code, 'SCOPE_TOO_NARROW');
});

const COVERED = [
  { asked: 'patient/Observation.rs', given: 'patient/*.rs', isCovered: true },
  { asked: 'patient/Observation.r', given: 'patient/Observation.cruds', isCovered: true },
  { asked: 'patient/Observation.read', given: 'patient/Observation.rs', isCovered: true },
  { asked: 'patient/Observation.rs?category=a', given: 'patient/Observation.rs', isCovered: true },
  {
    asked: 'patient/Observation.rs?category=a',
    given: 'patient/Observation.rs?category=a,b',
    isCovered: true,
  },
  { asked: 'patient/Observation.rs', given: 'patient/Observation.rs?category=a', isCovered: false },
  {
    asked: 'patient/Observation.rs?category=a,c',
    given: 'patient/Observation.rs?category=a,b',
    isCovered: false,
  },
  { asked: 'patient/*.rs', given: 'patient/Observation.rs', isCovered: false },
  { asked: 'patient/Observation.cruds', given: 'patient/Observation.rs', isCovered: false },
  { asked: 'user/Observation.rs', given: 'patient/Observation.rs', isCovered: false },
  { asked: 'patient/Observation.rs', given: 'user/Observation.rs', isCovered: false },
];

for (const { asked, given, isCovered } of COVERED) {
  test(`whoever was given ${given} ${isCovered ? 'may' : 'may not'} ask for ${asked}`, () => {
    const [[one], [other]] = [parseScopes(asked), parseScopes(given)];
    assert.ok(one !== undefined && other !== undefined);
    assert.equal(isCoveredBy(one, other), isCovered);
  });
}
