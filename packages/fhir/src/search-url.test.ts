import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Resource } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { examplesIn, r4 } from '../../../tests/support/fhir.ts';
import { dataTest } from '../../../tools/test-data.ts';
import { passesFilter } from './search-match.ts';
import type { Filter, RowFilter, SearchQuery } from './search-query.ts';
import { type SearchRow, searchIndexer } from './search-rows.ts';
import { parseSearch } from './search-url.ts';
import type { SearchValue } from './search-value.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20260301 });

const BASE = 'https://ausculta.example/fhir/R4';
const OPTIONS = {
  definitions: r4(),
  nowMs: Date.UTC(2026, 2, 1),
  baseUrl: BASE,
  isStrict: true,
};

function ask(type: string | undefined, query: string, isStrict = true): SearchQuery {
  const parsed = parseSearch(type, new URLSearchParams(query), { ...OPTIONS, isStrict });
  assert.ok(parsed.ok, `${type}?${query} is read: ${!parsed.ok && parsed.fault.detail}`);
  return parsed.value;
}

function only(type: string, query: string): Filter {
  const [filter, ...more] = ask(type, query).filters;
  assert.ok(filter !== undefined && more.length === 0);
  return filter;
}

function comparisons(type: string, query: string): unknown {
  const filter = only(type, query);
  return filter.kind === 'value' ? filter.comparisons : filter;
}

test('tokens are asked by system, code, both, or neither system', () => {
  assert.deepEqual(comparisons('Observation', 'code=http://loinc.org|8867-4,8480-6,|x,urn:a|'), [
    { kind: 'token', system: 'http://loinc.org', code: '8867-4' },
    { kind: 'token', system: undefined, code: '8480-6' },
    { kind: 'token', system: '', code: 'x' },
    { kind: 'token', system: 'urn:a', code: undefined },
  ]);
  assert.deepEqual(comparisons('Patient', 'identifier:of-type=urn:t|MR|1\\|2'), [
    { kind: 'of-type', system: 'urn:t', type: 'MR', code: '1|2' },
  ]);
  assert.deepEqual(comparisons('Observation', 'code:text=Heart%20'), [
    { kind: 'words', normal: 'heart' },
  ]);
  const not = only('Observation', 'status:not=final,amended');
  assert.equal(not.kind === 'value' && not.isNot, true);
});

test('references are ours by id, by type and id, or by our own address', () => {
  const seven = { kind: 'reference', type: 'Patient', id: '7', url: undefined, version: undefined };
  for (const query of ['subject=Patient/7', 'subject:Patient=7', `subject=${BASE}/Patient/7`]) {
    assert.deepEqual(comparisons('Observation', query), [seven], query);
  }
  assert.deepEqual(comparisons('Observation', 'subject=7'), [{ ...seven, type: undefined }]);
  const url = 'https://ehr.example/Patient/7';
  assert.deepEqual(comparisons('Observation', `subject=${url}`), [{ ...seven, url }]);
  const elsewhere = { ...seven, type: undefined, id: undefined };
  assert.deepEqual(comparisons('Observation', 'subject=urn:uuid:1'), [
    { ...elsewhere, url: 'urn:uuid:1' },
  ]);
  assert.deepEqual(comparisons('QuestionnaireResponse', 'questionnaire=http://q|2'), [
    { ...elsewhere, url: 'http://q', version: '2' },
  ]);
  assert.deepEqual(comparisons('Observation', 'device:identifier=urn:d|1'), [
    { kind: 'identifier', token: { kind: 'token', system: 'urn:d', code: '1' } },
  ]);
});

test('texts are asked by their beginning, a part, or the whole', () => {
  const asked = (query: string) => comparisons('Patient', query);
  assert.deepEqual(asked('name=Müller\\,'), [{ kind: 'string', match: 'starts', text: 'muller,' }]);
  assert.deepEqual(asked('name:contains=LL'), [{ kind: 'string', match: 'contains', text: 'll' }]);
  assert.deepEqual(asked('name:exact=Ann'), [{ kind: 'string', match: 'exact', text: 'Ann' }]);
});

test('amounts are asked in a unit of their kind, or in exactly one, or in any', () => {
  const asked = (query: string) => comparisons('Observation', `value-quantity=${query}`);
  const [inUcum] = asked('gt98.6|http://unitsofmeasure.org|[degF]') as [{ canonical: unknown }];
  const bounds = [{ end: 'high', operator: '>', value: 37 }];
  assert.deepEqual(inUcum.canonical, {
    unit: 'Cel',
    test: { combine: 'all', bounds, isNot: false },
  });
  const [plain] = asked('5.40||mg') as [{ system: unknown; code: unknown; test: object }];
  assert.deepEqual([plain.system, plain.code], [undefined, 'mg']);
  assert.deepEqual(plain.test, {
    combine: 'all',
    bounds: [
      { end: 'low', operator: '>=', value: 5.395 },
      { end: 'high', operator: '<', value: 5.405 },
    ],
    isNot: false,
  });
});

test('composites are asked part by part', () => {
  const [composite] = comparisons('Observation', 'code-value-quantity=8867-4$gt100') as [
    { kind: string; parts: { kind: string }[] },
  ];
  assert.equal(composite.kind, 'composite');
  assert.deepEqual(
    composite.parts.map(({ kind }) => kind),
    ['token', 'quantity'],
  );
});

test('chains go over every type that a reference can be to, or the one that is named', () => {
  const named = only('Observation', 'subject:Patient.name=ann');
  assert.ok(named.kind === 'chain' && named.parameter === 'subject');
  assert.deepEqual(
    named.targets.map(({ type }) => type),
    ['Patient'],
  );
  const all = only('Observation', 'subject.identifier=urn:a|1');
  assert.ok(all.kind === 'chain');
  assert.deepEqual(all.targets.map(({ type }) => type).sort(), [
    'Device',
    'Group',
    'Location',
    'Patient',
  ]);
  const deep = only('Observation', 'patient.organization.name:exact=X');
  assert.ok(deep.kind === 'chain' && deep.targets[0]?.filter.kind === 'chain');
});

test('chains that lead to too many types are refused, until the types are named', () => {
  const refusal = (type: string | undefined, query: string): string | undefined => {
    const parsed = parseSearch(type, new URLSearchParams(query), OPTIONS);
    return parsed.ok ? undefined : parsed.fault.code;
  };
  for (const query of ['depends-on._id=x', 'depends-on.depends-on.depends-on.depends-on._id=x'])
    assert.equal(refusal('Library', query), 'QUERY_TOO_WIDE', query);
  assert.equal(refusal('Library', 'depends-on:Library.depends-on:Library._id=x'), undefined);
  // 50 are asked by one query, whichever parameters and types they come from.
  const chains = (count: number) => Array(count).fill('subject.identifier=x').join('&');
  assert.equal(refusal('Observation', chains(12)), undefined);
  assert.equal(refusal('Observation', chains(13)), 'QUERY_TOO_WIDE');
  assert.equal(refusal('Observation', `${chains(12)}&subject:Patient.name=a`), undefined);
  const both = '_type=Observation,DiagnosticReport';
  assert.equal(refusal(undefined, `${both}&${chains(7)}`), 'QUERY_TOO_WIDE');
});

test('_has asks of those that refer here, and can be chained to and from', () => {
  const has = only('Patient', '_has:Observation:patient:code=8867-4');
  assert.ok(has.kind === 'has' && has.type === 'Observation' && has.parameter === 'patient');
  assert.equal(has.filter.kind, 'value');
  const nested = only(
    'Patient',
    '_has:Observation:patient:_has:DiagnosticReport:result:status=final',
  );
  assert.ok(nested.kind === 'has' && nested.filter.kind === 'has');
  const chained = only('Observation', 'patient._has:Group:member:_id=102');
  assert.ok(chained.kind === 'chain' && chained.targets[0]?.filter.kind === 'has');
});

test('the answer is ordered, cut and completed as asked', () => {
  const query = ask(
    'Observation',
    '_sort=-date,_id&_count=5000&_total=accurate&_summary=data&_elements=code,value.unit&_cursor=a.1' +
      '&_include=Observation:subject&_include:iterate=Patient:organization&_revinclude=Provenance:target&_pretty=true',
  );
  assert.deepEqual(query.sort, [
    { parameter: 'date', descending: true },
    { parameter: '_id', descending: false },
  ]);
  assert.deepEqual([query.count, query.total, query.summary], [1000, 'accurate', 'data']);
  assert.deepEqual([query.elements, query.cursor], [['code', 'value'], 'a.1']);
  assert.deepEqual(query.includes, [
    { type: 'Observation', parameter: 'subject', target: undefined, iterate: false },
    { type: 'Patient', parameter: 'organization', target: undefined, iterate: true },
  ]);
  assert.deepEqual(query.reverseIncludes, [
    { type: 'Provenance', parameter: 'target', target: undefined, iterate: false },
  ]);
  const { count, total, sort, types } = ask('Patient', '');
  assert.deepEqual([count, total, sort, types], [100, 'none', [], ['Patient']]);
});

test('a search of the system goes by what its types share', () => {
  const query = ask(undefined, '_type=Patient,Observation&_lastUpdated=gt2026&_id=7');
  assert.deepEqual(query.types, ['Patient', 'Observation']);
  assert.equal(query.filters.length, 2);
});

test('an unknown parameter is refused to the strict, and reported to the others', () => {
  const query = ask('Patient', 'colour=red&name=x', false);
  assert.deepEqual([query.ignored, query.filters.length], [['colour'], 1]);
  const refused = parseSearch('Patient', [['colour', 'red']], OPTIONS);
  assert.equal(!refused.ok && refused.fault.detail, 'unknown search parameter: colour');
});

const REFUSED = [
  ['Patient', 'birthdate=yesterday', /^birthdate /],
  ['Patient', 'birthdate=2026-02-30', /^birthdate /],
  ['Patient', 'birthdate=gegt2026', /^birthdate /],
  ['Patient', 'name=', /^name /],
  ['Patient', 'name:like=x', /^name takes no such modifier/],
  ['Patient', 'name:exact:contains=x', /^name: one modifier/],
  ['Patient', 'gender:in=http://vs', /^gender takes no such modifier/],
  ['Patient', 'active:missing=maybe', /^active:missing/],
  ['Patient', 'identifier=|', /^identifier /],
  ['Patient', 'identifier=a|b|c', /^identifier /],
  ['Patient', 'organization:Patient=1', /^organization takes no such modifier/],
  ['Patient', 'name.family=x', /^name is no reference/],
  ['Patient', 'organization.colour=x', /^organization: /],
  ['Patient', 'organization:Device.name=x', /^organization does not refer/],
  ['Observation', 'value-quantity=high', /^value-quantity /],
  ['Observation', 'value-quantity=1|urn:a|', /^value-quantity /],
  ['Observation', 'code-value-quantity=8867-4', /^code-value-quantity /],
  ['RiskAssessment', 'probability=1e999', /^probability /],
  ['Patient', '_has:Observation:code:status=final', /^_has /],
  ['Patient', '_has:Observation:patient:colour=red', /^_has /],
  ['Patient', '_has:Pulse:patient:code=1', /^_has /],
  ['Patient', `${'general-practitioner.organization.'.repeat(3)}name=x`, /./],
  ['Patient', '_count=-1', /^_count /],
  ['Patient', '_count=1000000', /^_count /],
  ['Patient', '_sort=colour', /^_sort /],
  ['Observation', '_sort=code-value-quantity', /^_sort /],
  ['Patient', '_total=all', /^_total /],
  ['Patient', '_summary=much', /^_summary /],
  ['Patient', '_elements=name,', /^_elements /],
  ['Patient', '_include=Patient:name', /^_include /],
  ['Patient', '_include=Observation:subject', /^_include /],
  ['Patient', '_revinclude=Observation:code', /^_revinclude /],
  ['Patient', '_revinclude=Observation:device', /^_revinclude /],
  ['Patient', '_format=xml', /^_format /],
  ['Patient', '_contained=true', /^_contained /],
  ['Patient', '_cursor=%00', /^_cursor /],
  ['Patient', `identifier=${'x,'.repeat(300)}x`, /^identifier: more/],
  ['Patient', `name=${'x'.repeat(9000)}`, /too long/],
  ['Patient', 'active=true&'.repeat(60), /too many/],
  ['Location', 'near=1|2', /^unknown search parameter: near$/],
  ['Pulse', 'name=x', /no such type/],
  [undefined, 'name=x', /^_type /],
  [undefined, '_type=Pulse', /^_type /],
  [undefined, '_type=Patient,Device&name=x', /^unknown/],
] as const;

for (const [type, query, detail] of REFUSED) {
  test(`refused, and the parameter named: ${type}?${query.slice(0, 60)}`, () => {
    const parsed = parseSearch(type, new URLSearchParams(query), OPTIONS);
    assert.ok(!parsed.ok);
    assert.match(parsed.fault.detail ?? '', detail);
  });
}

test('whatever is sent is answered, and no value is repeated', () => {
  const names = [...(r4().searchParameters.get('Observation')?.keys() ?? [])];
  const modifiers = ['', ':exact', ':missing', ':not', ':text', ':identifier', ':Patient', '.name'];
  const parts = [...names, '_sort', '_include', '_count', '_has:Observation:subject:code'];
  const name = fc.tuple(fc.constantFrom(...parts), fc.constantFrom(...modifiers));
  const words = fc.stringMatching(/^[A-Z]{8,12}$/);
  const value = fc.oneof(words, fc.string(), fc.stringMatching(/^[a-z]{2}[\d.|$,\\-]{1,9}$/));
  fc.assert(
    fc.property(name, value, ([one, modifier], text) => {
      const parsed = parseSearch('Observation', [[one + modifier, text]], OPTIONS);
      if (parsed.ok || !/^[A-Z]{8,12}$/.test(text)) return;
      assert.ok(!parsed.fault.detail?.includes(text), parsed.fault.detail);
    }),
    { numRuns: 2000 },
  );
});

/** The question that asks for exactly this value. */
function questionOf(value: SearchValue): string | undefined {
  const safe = (text: string | undefined) => (text ?? '').replace(/[\\,$|]/g, '\\$&');
  switch (value.kind) {
    case 'token':
      return `${safe(value.system)}|${safe(value.code)}`;
    case 'reference':
      if (value.type !== undefined && value.url === `${value.type}/${value.id}`) return value.url;
      return value.url === undefined ? undefined : safe(value.url);
    case 'date':
      return Number.isFinite(value.low) ? `ge${new Date(value.low).toISOString()}` : undefined;
    case 'number':
      return `${value.low}`;
    case 'quantity': {
      const amount = Number.isFinite(value.low) ? `ge${value.low}` : `le${value.high}`;
      if (value.system === undefined || value.code === undefined) return amount;
      return `${amount}|${safe(value.system)}|${safe(value.code)}`;
    }
    case 'string':
      return value.normal === '' ? undefined : safe(value.text);
    case 'uri':
      return safe(value.uri);
    case 'composite': {
      const parts = value.parts.map(questionOf);
      return parts.includes(undefined) ? undefined : parts.join('$');
    }
    case 'words':
      return undefined;
    default:
      return value satisfies never;
  }
}

function passing(
  type: string,
  [name, text]: readonly [string, string],
  rows: SearchRow[],
): boolean {
  const parsed = parseSearch(type, [[name, text]], OPTIONS);
  assert.ok(parsed.ok, `${type}?${name}=${text}: ${!parsed.ok && parsed.fault.detail}`);
  return passesFilter(parsed.value.filters[0] as RowFilter, rows);
}

dataTest(
  { dataset: 'fhir', name: 'each example is found by whatever its parameters find in it' },
  (directory) => {
    const rowsOf = searchIndexer(r4());
    let asked = 0;
    for (const { file, resource } of examplesIn(directory)) {
      const type: Resource['resourceType'] = resource.resourceType;
      const rows = rowsOf(resource);
      for (const { parameter, value } of rows) {
        const text = questionOf(value);
        if (text === undefined) continue;
        asked++;
        assert.ok(passing(type, [parameter, text], rows), `${file}: ${parameter}=${text}`);
        assert.ok(passing(type, [`${parameter}:missing`, 'false'], rows));
      }
      assert.ok(!passing(type, ['_id', 'nobody'], rows));
    }
    assert.ok(asked > 3000, `${asked} questions`);
  },
);
