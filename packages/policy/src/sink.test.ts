import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from './decide.ts';
import { grant, NOW_MS, question } from './fixtures/question.ts';
import type { DataLicence, Sink } from './sink.ts';

const LICENCE: DataLicence = { mayLieIn: ['EU'], purposes: ['TREAT'], untilMs: NOW_MS + 1 };

function at(jurisdiction: string, organisationId = 'house-b'): Sink {
  return { kind: 'organisation', organisationId, jurisdiction };
}

const CASES = [
  { name: 'home', sink: at('DE', 'house-a'), licence: undefined, code: 'team-exports' },
  { name: 'nowhere', sink: undefined, licence: LICENCE, code: 'SINK_UNKNOWN' },
  {
    name: 'our own house abroad',
    sink: at('US', 'house-a'),
    licence: undefined,
    code: 'SINK_LICENCE',
  },
  {
    name: 'another house without licence',
    sink: at('DE'),
    licence: undefined,
    code: 'SINK_LICENCE',
  },
  { name: 'France', sink: at('FR'), licence: LICENCE, code: 'team-exports' },
  { name: 'the United States', sink: at('US'), licence: LICENCE, code: 'SINK_JURISDICTION' },
  { name: 'Norway', sink: at('NO'), licence: LICENCE, code: 'SINK_JURISDICTION' },
  {
    name: 'Norway, by the EEA',
    sink: at('NO'),
    licence: { ...LICENCE, mayLieIn: ['EEA'] },
    code: 'team-exports',
  },
  {
    name: 'Québec, by Canada',
    sink: at('CA-QC'),
    licence: { ...LICENCE, mayLieIn: ['CA'] },
    code: 'team-exports',
  },
  {
    name: 'Canada, by Québec',
    sink: at('CA'),
    licence: { ...LICENCE, mayLieIn: ['CA-QC'] },
    code: 'SINK_JURISDICTION',
  },
  { name: 'a place in small letters', sink: at('fr'), licence: LICENCE, code: 'SINK_UNKNOWN' },
  {
    name: 'another purpose',
    sink: at('FR'),
    licence: { ...LICENCE, purposes: ['HRESCH'] },
    code: 'SINK_LICENCE',
  },
  {
    name: 'after its end',
    sink: at('FR'),
    licence: { ...LICENCE, untilMs: NOW_MS },
    code: 'SINK_LICENCE',
  },
  { name: 'somebody’s pocket', sink: { kind: 'subject' }, licence: LICENCE, code: 'SINK_UNKNOWN' },
] as const;

for (const { name, sink, licence, code } of CASES) {
  test(`a physician’s export to ${name}: ${code}`, () => {
    const decision = decide(
      question({
        action: 'export',
        actor: { role: 'physician', relations: ['care-team'] },
        target: licence === undefined ? {} : { licence: licence as DataLicence },
        grants: [grant()],
        ...(sink === undefined ? {} : { sink }),
      }),
    );
    assert.equal(decision.isPermitted ? decision.rule : decision.code, code);
  });
}

test('to another house without a grant nothing goes', () => {
  const physician = { role: 'physician', relations: ['care-team'] } as const;
  const asked = question({ action: 'disclose', actor: physician, sink: at('FR') });
  const decision = decide({ ...asked, target: { ...asked.target, licence: LICENCE } });
  assert.equal(!decision.isPermitted && decision.code, 'GRANT_MISSING');
});

test('a person takes their own data wherever they like', () => {
  const own = { role: 'patient', relations: ['self'] } as const;
  const asked = question({ action: 'export', purpose: 'PATRQT', actor: own });
  assert.equal(decide({ ...asked, sink: { kind: 'subject' } }).isPermitted, true);
});
