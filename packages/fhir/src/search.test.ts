import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceId, SubjectId } from '@ausculta/vitals/identity';
import { metricOf } from '@ausculta/vitals/lookup';
import fc from 'fast-check';
import { toObservations } from './observation.ts';
import {
  COUNT_MAX,
  matches,
  metricsOfQuery,
  type ObservationQuery,
  pageText,
  parseObservationQuery,
} from './observation-query.ts';
import { readDateParameter } from './search-date.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20260301 });

const SUBJECT = '0b8f2c1e-4a4e-4d53-9a3e-0d6a0c6f7c11';
const OTHER = '1b8f2c1e-4a4e-4d53-9a3e-0d6a0c6f7c11';

function parse(query: string, isLenient = false): ObservationQuery {
  const parsed = parseObservationQuery(new URLSearchParams(query), { isLenient });
  assert.ok(parsed.ok, `${query} is read`);
  return parsed.value;
}

const CASES = [
  { text: '2026', from: '2026-01-01T00:00:00.000Z', until: '2027-01-01T00:00:00.000Z' },
  { text: 'eq2026-02', from: '2026-02-01T00:00:00.000Z', until: '2026-03-01T00:00:00.000Z' },
  { text: '2026-12', from: '2026-12-01T00:00:00.000Z', until: '2027-01-01T00:00:00.000Z' },
  { text: '2024-02-29', from: '2024-02-29T00:00:00.000Z', until: '2024-03-01T00:00:00.000Z' },
  {
    text: '2026-03-01T08:00Z',
    from: '2026-03-01T08:00:00.000Z',
    until: '2026-03-01T08:01:00.000Z',
  },
  {
    text: '2026-03-01T08:00:00+01:00',
    from: '2026-03-01T07:00:00.000Z',
    until: '2026-03-01T07:00:01.000Z',
  },
  {
    text: '2026-03-01T08:00:00 01:00',
    from: '2026-03-01T07:00:00.000Z',
    until: '2026-03-01T07:00:01.000Z',
  },
  {
    text: '2026-03-01T08:00:00.25-02:30',
    from: '2026-03-01T10:30:00.250Z',
    until: '2026-03-01T10:30:00.260Z',
  },
  {
    text: '2026-03-01T08:00',
    from: '2026-03-01T08:00:00.000Z',
    until: '2026-03-01T08:01:00.000Z',
  },
  { text: '0099-01-01', from: '0099-01-01T00:00:00.000Z', until: '0099-01-02T00:00:00.000Z' },
] as const;

for (const { text, from, until } of CASES) {
  test(`the date ${text} is as long as it is precise`, () => {
    const span = { fromMs: Date.parse(from), untilMs: Date.parse(until) };
    assert.deepEqual(readDateParameter(text), span);
  });
}

test('prefixes let through what lies on their side of the whole span', () => {
  const fromMs = Date.parse('2026-03-01T00:00:00Z');
  const untilMs = Date.parse('2026-03-02T00:00:00Z');
  const { POSITIVE_INFINITY: end, NEGATIVE_INFINITY: start } = Number;
  const read = (prefix: string) => readDateParameter(`${prefix}2026-03-01`);
  assert.deepEqual(read('ge'), { fromMs, untilMs: end });
  assert.deepEqual(read('gt'), { fromMs: untilMs, untilMs: end });
  assert.deepEqual(read('le'), { fromMs: start, untilMs });
  assert.deepEqual(read('lt'), { fromMs: start, untilMs: fromMs });
});

const BAD_DATES = [
  '',
  '26',
  '2026-13',
  '2026-00',
  '2026-02-29',
  '2026-03-01T08',
  '2026-03-01T24:00Z',
  '2026-03-01T08:60Z',
  '2026-03-01T08:00:60Z',
  '2026-03-01T08:00+15:00',
  'ne2026',
  'ap2026',
  'gege2026',
  'now',
  '2026-03-01,2026-03-02',
];

for (const text of BAD_DATES) {
  test(`"${text}" is no date to search by`, () => {
    assert.equal(readDateParameter(text), undefined);
  });
}

test('subject and patient name one patient', () => {
  const names = [`subject=Patient/${SUBJECT}`, `subject=${SUBJECT}`, `patient=${SUBJECT}`];
  for (const query of [...names, `subject:Patient=${SUBJECT}`, `${names[0]}&${names[2]}`]) {
    assert.equal(parse(query).subjectId, SUBJECT);
  }
});

test('the defaults are all codes, all times, the newest hundred', () => {
  const { codes, interval, newestFirst, count, ignored } = parse(`patient=${SUBJECT}`);
  assert.deepEqual([codes, newestFirst, count, ignored], [[], true, 100, []]);
  assert.deepEqual(interval, { fromMs: -Infinity, untilMs: Infinity });
});

test('dates narrow each other', () => {
  const query = `patient=${SUBJECT}&date=ge2026-03-01&date=lt2026-03-02`;
  const { fromMs, untilMs } = parse(query).interval;
  assert.deepEqual([fromMs, untilMs], [Date.UTC(2026, 2, 1), Date.UTC(2026, 2, 2)]);
});

test('sort and count', () => {
  const count = (text: string) => parse(`patient=${SUBJECT}&_count=${text}`).count;
  assert.deepEqual(['0', '1', '1000', '1001', '999999999'].map(count), [0, 1, 1000, 1000, 1000]);
  assert.equal(COUNT_MAX, 1000);
  assert.equal(parse(`patient=${SUBJECT}&_sort=date`).newestFirst, false);
  assert.equal(parse(`patient=${SUBJECT}&_sort=-date`).newestFirst, true);
});

const METRICS = [
  {
    code: '8867-4',
    keys: ['heart-rate', 'pulse-rate-arterial', 'pulse-rate-oximeter', 'pulse-rate-nibp'],
  },
  { code: 'http://loinc.org|59408-5', keys: ['spo2'] },
  { code: 'urn:iso:std:iso:11073:10101|147842', keys: ['heart-rate'] },
  { code: '147842,http://loinc.org|2708-6', keys: ['heart-rate', 'spo2'] },
  { code: 'urn:ausculta:metric|weight', keys: ['weight'] },
  { code: '85354-9', keys: ['nibp-systolic', 'nibp-diastolic', 'nibp-mean'] },
  { code: '8480-6', keys: [] },
  { code: 'http://snomed.info/sct|8867-4', keys: [] },
  { code: '|8867-4', keys: [] },
  { code: '131330', keys: [] },
  { code: '67996', keys: [] },
  { code: '__proto__', keys: [] },
] as const;

for (const { code, keys } of METRICS) {
  test(`code=${code} asks for ${keys.join(', ') || 'nothing'}`, () => {
    const query = parse(`patient=${SUBJECT}&code=${encodeURIComponent(code)}`);
    assert.deepEqual(
      metricsOfQuery(query)
        .map(({ key }) => key)
        .sort(),
      [...keys].sort(),
    );
  });
}

test('category narrows too, and two code parameters must both match', () => {
  const laboratory = metricsOfQuery(parse(`patient=${SUBJECT}&category=laboratory`));
  assert.ok(laboratory.some(({ key }) => key === 'glucose-capillary'));
  assert.ok(laboratory.every(({ key }) => key !== 'heart-rate'));
  const both = parse(`patient=${SUBJECT}&code=8867-4&code=147842`);
  assert.deepEqual(
    metricsOfQuery(both).map(({ key }) => key),
    ['heart-rate'],
  );
});

test('what is fetched for a query and made into Observations matches it', () => {
  const at = { epoch: 1, stampMs: 1, timeMs: Date.UTC(2026, 2, 1), value: 90, flags: 0 };
  const placed = { ...at, subjectId: SUBJECT as SubjectId, deviceId: 'm-1' as DeviceId };
  for (const code of ['8867-4', '85354-9', '2339-0', 'urn:ausculta:metric|spo2']) {
    const query = parse(`patient=${SUBJECT}&code=${encodeURIComponent(code)}&date=2026-03`);
    const readings = metricsOfQuery(query).map((metric) => ({ ...placed, metric }));
    const observations = toObservations(readings);
    assert.ok(observations.length > 0);
    assert.ok(observations.every((observation) => matches(query, observation)));
  }
  const [april] = toObservations([
    { ...placed, metric: metricOf('spo2'), timeMs: Date.UTC(2026, 3) },
  ]);
  assert.ok(april && !matches(parse(`patient=${SUBJECT}&date=2026-03`), april));
});

const REFUSED = [
  { query: '', why: 'no subject' },
  { query: 'code=8867-4', why: 'no subject' },
  { query: 'subject=Patient/1', why: 'no id of ours' },
  { query: `subject=Group/${SUBJECT}`, why: 'no patient' },
  { query: `subject=${SUBJECT},${OTHER}`, why: 'two patients' },
  { query: `subject=${SUBJECT}&patient=${OTHER}`, why: 'two patients' },
  { query: `patient=${SUBJECT}&code=`, why: 'an empty code' },
  { query: `patient=${SUBJECT}&code=8867-4,`, why: 'an empty code' },
  { query: `patient=${SUBJECT}&code=|`, why: 'an empty code' },
  { query: `patient=${SUBJECT}&code=${'x,'.repeat(200)}x`, why: 'too many codes' },
  { query: `patient=${SUBJECT}&date=yesterday`, why: 'no date' },
  { query: `patient=${SUBJECT}&_sort=code`, why: 'another order' },
  { query: `patient=${SUBJECT}&_count=-1`, why: 'a negative count' },
  { query: `patient=${SUBJECT}&_count=1e3`, why: 'no plain count' },
  { query: `patient=${SUBJECT}&_format=xml`, why: 'another format' },
  { query: `patient=${SUBJECT}&value-quantity=gt5`, why: 'an unknown parameter' },
  { query: `patient=${SUBJECT}&constructor=1`, why: 'an unknown parameter' },
  { query: `patient=${SUBJECT}${'&code=1'.repeat(60)}`, why: 'too many parameters' },
];

for (const { query, why } of REFUSED) {
  test(`a query is refused for ${why}: ${query.slice(0, 60)}`, () => {
    const parsed = parseObservationQuery(new URLSearchParams(query));
    assert.equal(!parsed.ok && parsed.fault.code, 'QUERY_INVALID');
  });
}

test('a lenient query lists what it passed over, and still refuses what it cannot read', () => {
  const query = parse(`patient=${SUBJECT}&value-quantity=gt5&_pretty=true`, true);
  assert.deepEqual(query.ignored, ['value-quantity', '_pretty']);
  const bad = parseObservationQuery([['patient', 'x']], { isLenient: true });
  assert.ok(!bad.ok);
});

test('a fault repeats nothing of the query, which may hold a name', () => {
  const words = fc.stringMatching(/^[A-Z]{8,12}$/);
  const names = fc.constantFrom('subject', 'code', 'date', '_sort', '_count', '_format', 'name');
  fc.assert(
    fc.property(fc.array(fc.tuple(names, words)), (parameters) => {
      const parsed = parseObservationQuery(parameters);
      if (parsed.ok) return;
      for (const [, value] of parameters) assert.ok(!parsed.fault.detail?.includes(value));
    }),
  );
});

test('a page begins where a next link says', () => {
  const start = { atMs: 1_764_000_000_123, skip: 3 };
  assert.deepEqual(parse(`patient=${SUBJECT}&_page=${pageText(start)}`).page, start);
  assert.equal(parse(`patient=${SUBJECT}`).page, undefined);
  for (const text of ['', '1', '1.', '.1', '1.2.3', '1e3.0', '99999999999999999.0', '1.99999'])
    assert.equal(
      parseObservationQuery(new URLSearchParams({ patient: SUBJECT, _page: text })).ok,
      false,
      text,
    );
});
