import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unreadableConsent } from './consent.ts';
import { type Decision, decide } from './decide.ts';
import { explain } from './explain.ts';
import {
  BROKEN_GLASS,
  consent,
  grant,
  HOUR_MS,
  NO_TO_ALL,
  NOW_MS,
  question,
  YES_TO_ALL,
} from './fixtures/question.ts';
import { BREAK_GLASS_MAX_MS } from './request.ts';

const IN_TEAM = { relations: ['care-team'] } as const;
const ON_SHIFT = { relations: ['on-shift'] } as const;

function codeOf(decision: Decision): string {
  return decision.isPermitted ? decision.rule : decision.code;
}

test('an alarm is acknowledged on shift whatever the person has decided', () => {
  for (const action of ['read', 'stream', 'acknowledge', 'pause-audio'] as const) {
    const asked = question({ action, dataClass: 'alarms', actor: ON_SHIFT, consents: [NO_TO_ALL] });
    assert.equal(codeOf(decide(asked)), 'ward-answers-alarms');
  }
});

test('whoever is on shift sees strip and name while an alarm is owed, and not after', () => {
  for (const dataClass of ['identity', 'vitals', 'waveforms'] as const) {
    const asked = { dataClass, actor: ON_SHIFT, consents: [NO_TO_ALL] };
    const owed = decide(question({ ...asked, target: { isAlarmOwed: true } }));
    assert.equal(codeOf(owed), 'ward-sees-the-strip');
    assert.equal(codeOf(decide(question(asked))), 'CONSENT_DENIES');
  }
});

test('a wall display still says that a bed has an alarm when its finding is kept back', () => {
  const display = { role: 'wall-display', ...ON_SHIFT } as const;
  const asked = { action: 'stream', actor: display, consents: [NO_TO_ALL] } as const;
  assert.equal(decide(question({ ...asked, dataClass: 'alarm-presence' })).isPermitted, true);
  assert.equal(codeOf(decide(question({ ...asked, dataClass: 'alarms' }))), 'CONSENT_DENIES');
});

test('a consent that nobody understands denies, and keeps no alarm from its ward', () => {
  const consents = [unreadableConsent('torn', 'nine')];
  const asked = question({ dataClass: 'vitals', actor: ON_SHIFT, consents });
  assert.equal(codeOf(decide(asked)), 'CONSENT_DENIES');
  const alarm = question({ dataClass: 'alarms', actor: ON_SHIFT, consents });
  assert.equal(codeOf(decide(alarm)), 'ward-answers-alarms');
});

test('nobody but the person opens everything of the person', () => {
  const own = { role: 'patient', relations: ['self'] } as const;
  const asked = question({ purpose: 'PATRQT', actor: own, consents: [NO_TO_ALL] });
  assert.equal(codeOf(decide(asked)), 'patient-reads-own');
  assert.equal(codeOf(decide({ ...asked, purpose: 'TREAT' })), 'PURPOSE_CLOSED');
});

test('monitoring goes on without consent, a model does not', () => {
  const job = { role: 'platform-job' } as const;
  const asked = question({ actor: job, consents: [NO_TO_ALL] });
  assert.equal(decide(asked).isPermitted, true);
  assert.equal(codeOf(decide({ ...asked, action: 'score' })), 'CONSENT_DENIES');
});

const GLASS = [
  { name: 'just broken', change: {}, at: 0, code: 'break-glass' },
  { name: 'before it was broken', change: {}, at: -1, code: 'BREAK_GLASS_TIME' },
  { name: 'in its last millisecond', change: {}, at: HOUR_MS - 1, code: 'break-glass' },
  { name: 'at its end', change: {}, at: HOUR_MS, code: 'BREAK_GLASS_TIME' },
  {
    name: 'for as long as is allowed',
    change: { untilMs: NOW_MS + BREAK_GLASS_MAX_MS },
    at: 0,
    code: 'break-glass',
  },
  {
    name: 'for longer',
    change: { untilMs: NOW_MS + BREAK_GLASS_MAX_MS + 1 },
    at: 0,
    code: 'BREAK_GLASS_TIME',
  },
  { name: 'for ever', change: { untilMs: Infinity }, at: 0, code: 'BREAK_GLASS_TIME' },
  { name: 'until nobody knows', change: { untilMs: NaN }, at: 0, code: 'BREAK_GLASS_TIME' },
  { name: 'with ten letters', change: { reason: 'chest pain' }, at: 0, code: 'break-glass' },
  { name: 'with nine', change: { reason: 'emergency ' }, at: 0, code: 'BREAK_GLASS_REASON' },
  { name: 'with blanks', change: { reason: ' '.repeat(40) }, at: 0, code: 'BREAK_GLASS_REASON' },
  { name: 'by another', change: { actorId: 'eight' }, at: 0, code: 'BREAK_GLASS_NEEDED' },
  { name: 'for another', change: { subjectId: 'ten' }, at: 0, code: 'BREAK_GLASS_NEEDED' },
] as const;

for (const { name, change, at, code } of GLASS) {
  test(`the glass is broken ${name}: ${code}`, () => {
    const breakGlass = { ...BROKEN_GLASS, ...change };
    const asked = question({ purpose: 'ETREAT', breakGlass, nowMs: NOW_MS + at });
    const decision = decide({ ...asked, consents: [NO_TO_ALL] });
    assert.equal(codeOf(decision), code);
    if (!decision.isPermitted) return;
    const duties = ['audit', 'banner', 'notify-privacy-officer', 'review', 'ledger'] as const;
    for (const duty of duties) assert.ok(decision.obligations.includes(duty), duty);
    assert.equal(decision.askAgainAtMs, breakGlass.untilMs);
  });
}

test('no glass is broken across organisations without a grant', () => {
  const foreign = { organisationId: 'house-b', role: 'paramedic' } as const;
  const asked = question({ purpose: 'ETREAT', breakGlass: BROKEN_GLASS, actor: foreign });
  assert.equal(codeOf(decide(asked)), 'GRANT_MISSING');
  assert.equal(codeOf(decide({ ...asked, grants: [grant()] })), 'break-glass');
});

const FOREIGN = { organisationId: 'house-b', ...IN_TEAM } as const;
const GRANTS = [
  { name: 'that covers it', change: {}, at: 0, opens: true },
  { name: 'in its first millisecond', change: { fromMs: NOW_MS }, at: 0, opens: true },
  { name: 'a millisecond too early', change: { fromMs: NOW_MS + 1 }, at: 0, opens: false },
  { name: 'in its last millisecond', change: {}, at: HOUR_MS - 1, opens: true },
  { name: 'at its end', change: {}, at: HOUR_MS, opens: false },
  { name: 'for another purpose', change: { purposes: ['HRESCH'] }, at: 0, opens: false },
  { name: 'for other data', change: { dataClasses: ['alarms'] }, at: 0, opens: false },
  { name: 'for another action', change: { actions: ['search'] }, at: 0, opens: false },
  { name: 'to a third house', change: { toOrganisationId: 'house-c' }, at: 0, opens: false },
  { name: 'from a third house', change: { fromOrganisationId: 'house-c' }, at: 0, opens: false },
  { name: 'to this very account', change: { toActorId: 'seven' }, at: 0, opens: true },
  { name: 'to another account', change: { toActorId: 'eight' }, at: 0, opens: false },
  { name: 'about this person', change: { subjectIds: ['nine'] }, at: 0, opens: true },
  { name: 'about others', change: { subjectIds: ['ten'] }, at: 0, opens: false },
] as const;

for (const { name, change, at, opens } of GRANTS) {
  test(`a grant ${name} ${opens ? 'opens' : 'does not open'} the other house`, () => {
    const asked = question({ actor: FOREIGN, nowMs: NOW_MS + at, grants: [grant(change)] });
    const decision = decide(asked);
    assert.equal(codeOf(decision), opens ? 'team-reads' : 'GRANT_MISSING');
    if (!decision.isPermitted) return;
    assert.equal(decision.askAgainAtMs, NOW_MS + HOUR_MS);
    assert.ok(decision.obligations.includes('ledger'));
    assert.ok(decision.obligations.includes('no-onward-sharing'));
  });
}

const STAY = { encounterId: 'stay-1', fromMs: NOW_MS - HOUR_MS, untilMs: NOW_MS } as const;
const OF_EPISODE = [
  { name: 'what names the stay', target: { encounterId: 'stay-1' }, opens: true },
  { name: 'what names another', target: { encounterId: 'stay-2' }, opens: false },
  {
    name: 'what was measured in it',
    target: { dataFromMs: STAY.fromMs, dataUntilMs: STAY.untilMs },
    opens: true,
  },
  {
    name: 'what begins before it',
    target: { dataFromMs: STAY.fromMs - 1, dataUntilMs: STAY.untilMs },
    opens: false,
  },
  {
    name: 'what ends after it',
    target: { dataFromMs: STAY.fromMs, dataUntilMs: STAY.untilMs + 1 },
    opens: false,
  },
  { name: 'what names no stay and no time', target: {}, opens: false },
  {
    name: 'another stay in its time',
    target: { encounterId: 'stay-2', dataFromMs: STAY.fromMs, dataUntilMs: STAY.untilMs },
    opens: false,
  },
] as const;
for (const { name, target, opens } of OF_EPISODE) {
  test(`a grant about one stay ${opens ? 'opens' : 'does not open'} ${name}`, () => {
    const grants = [grant({ episode: STAY })];
    const asked = question({ actor: FOREIGN, target, grants });
    assert.equal(codeOf(decide(asked)), opens ? 'team-reads' : 'GRANT_MISSING');
    assert.equal(codeOf(decide({ ...asked, dataClass: 'identity' })), 'team-reads');
  });
}

test('a grant opens nothing that the rules do not open at home', () => {
  const stranger = question({ actor: { organisationId: 'house-b' }, grants: [grant()] });
  assert.equal(codeOf(decide(stranger)), 'RELATION_MISSING');
  const claimed = { organisationId: 'house-b', relations: ['organisation'] } as const;
  const asked = question({ action: 'search', dataClass: 'identity', actor: claimed });
  assert.equal(codeOf(decide({ ...asked, grants: [grant()] })), 'RELATION_MISSING');
});

test('a grant about some does not open a search through all', () => {
  const asked = question({ action: 'search', actor: FOREIGN });
  const all = { ...asked, target: { organisationId: 'house-a' } };
  assert.equal(decide({ ...all, grants: [grant()] }).isPermitted, true);
  const some = [grant({ subjectIds: ['nine'] })];
  assert.equal(codeOf(decide({ ...all, grants: some })), 'GRANT_MISSING');
});

test('what was received under a grant is used and passed on only as it says', () => {
  const heldUnder = grant({ fromOrganisationId: 'house-z', purposes: ['TREAT'] });
  const asked = question({ actor: IN_TEAM, target: { heldUnder } });
  assert.equal(codeOf(decide(asked)), 'team-reads');
  assert.equal(codeOf(decide({ ...asked, nowMs: heldUnder.untilMs })), 'ONWARD_SHARING');
  const sink = { kind: 'organisation', organisationId: 'house-a', jurisdiction: 'DE' } as const;
  const physician = { ...asked.actor, role: 'physician' } as const;
  const leaving = { ...asked, actor: physician, action: 'export', sink } as const;
  assert.equal(codeOf(decide(leaving)), 'ONWARD_SHARING');
  const onward = { ...heldUnder, onward: 'same-purpose' } as const;
  const target = { ...asked.target, heldUnder: onward };
  assert.equal(codeOf(decide({ ...leaving, target })), 'team-exports');
});

test('a search obliges to ask for each, and a read without a person is refused', () => {
  const asked = question({ actor: IN_TEAM });
  const target = { organisationId: 'house-a' };
  assert.equal(codeOf(decide({ ...asked, target })), 'SUBJECT_MISSING');
  const found = decide({ ...asked, target, action: 'search' });
  assert.ok(found.isPermitted && found.obligations.includes('ask-for-each'));
});

test('a payer learns nothing from the difference between no and no answer', () => {
  const payer = { role: 'payer-analyst', relations: ['programme'] } as const;
  const asked = question({ dataClass: 'aggregates', purpose: 'HPAYMT', actor: payer });
  const silent = decide(asked);
  const denied = decide({ ...asked, consents: [NO_TO_ALL] });
  assert.deepEqual(explain(denied, 'caller'), explain(silent, 'caller'));
  assert.equal(codeOf(decide({ ...asked, consents: [YES_TO_ALL] })), 'payer-sees-members');
  const general = consent({ effect: 'permit' });
  assert.equal(codeOf(decide({ ...asked, consents: [general] })), 'CONSENT_MISSING');
});

test('the caller is told no paper, the officer each', () => {
  const asked = question({ actor: IN_TEAM, consents: [NO_TO_ALL] });
  const refusal = decide(asked);
  assert.deepEqual(explain(refusal, 'officer').papers, ['consent consent-1, provision 0']);
  assert.deepEqual(explain(refusal, 'caller').papers, []);
  assert.match(explain(refusal, 'caller').sentence, /kept this back/);
  assert.ok(explain(refusal, 'caller').wouldOpen.some((line) => line.includes('emergency')));
  const granted = decide(question({ actor: FOREIGN, grants: [grant()] }));
  assert.deepEqual(explain(granted, 'officer').papers, ['grant grant-1']);
});

const HERE = { organisationId: 'house-a', subjectId: 'nine' };

const ILL_FORMED: readonly { name: string; change: object }[] = [
  { name: 'no time', change: { nowMs: undefined } },
  { name: 'a time that is no number', change: { nowMs: NaN } },
  { name: 'no actor', change: { actor: undefined } },
  { name: 'an actor that is a list', change: { actor: [] } },
  { name: 'no target', change: { target: null } },
  { name: 'no consents', change: { consents: undefined } },
  { name: 'consents that are no list', change: { consents: {} } },
  { name: 'a consent that is nothing', change: { consents: [null] } },
  { name: 'somebody else’s consent', change: { consents: [{ ...YES_TO_ALL, subjectId: 'ten' }] } },
  { name: 'no grants', change: { grants: undefined } },
  { name: 'a grant that is nothing', change: { grants: [undefined] } },
  { name: 'a token without scopes', change: { smart: {} } },
  { name: 'an unknown action', change: { action: 'peek' } },
  { name: 'an action of the prototype', change: { action: 'constructor' } },
  { name: 'unknown data', change: { dataClass: '__proto__' } },
  { name: 'an unknown purpose', change: { purpose: 'HMARKT' } },
  { name: 'a metric that nobody knows', change: { target: { ...HERE, metric: 'heart_rate' } } },
  { name: 'a licence that is nothing', change: { target: { ...HERE, licence: null } } },
  { name: 'a grant behind it that is nothing', change: { target: { ...HERE, heldUnder: null } } },
  { name: 'a sink of no kind', change: { sink: {} } },
];

for (const { name, change } of ILL_FORMED) {
  test(`a question with ${name} is refused`, () => {
    const asked = question({ actor: IN_TEAM });
    assert.equal(decide(asked).isPermitted, true);
    assert.equal(decide({ ...asked, ...change } as typeof asked).isPermitted, false);
  });
}

test('a question that is no question is refused', () => {
  for (const nothing of [undefined, null, 7, 'yes', [], {}]) {
    assert.equal(decide(nothing as never).isPermitted, false);
  }
  const actor = { ...IN_TEAM, role: 'king' as never };
  assert.equal(codeOf(decide(question({ actor }))), 'WORD_UNKNOWN');
  const relations = ['care-team', 'friend'] as never;
  assert.equal(codeOf(decide(question({ actor: { relations } }))), 'WORD_UNKNOWN');
});
