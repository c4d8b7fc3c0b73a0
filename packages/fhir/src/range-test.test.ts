import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readDate } from './date-range.ts';
import { dateTest, instantSpan, numberTest, PREFIXES, type Prefix, passes } from './range-test.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20260301 });

/** Instants near each other, written with every precision that FHIR has, in several zones. */
const DATE = fc
  .record({
    atMs: fc.integer({ min: Date.UTC(2025, 10), max: Date.UTC(2026, 3) }),
    // Near: dates that begin and end together are the edges.
    near: fc.constantFrom(1, 1000, 60_000, 86_400_000, 86_400_000 * 31),
    letters: fc.constantFrom(4, 7, 10, 16, 19, 21, 23),
    zone: fc.constantFrom('Z', '+00:00', '+05:30', '-08:00'),
  })
  .map(({ atMs, near, letters, zone }) => {
    const text = new Date(Math.floor(atMs / near) * near).toISOString().slice(0, letters);
    return letters > 10 ? text + zone : text;
  });

/**
 * The words of the standard on every single millisecond: a date is all instants that begin as it is
 * written. Written apart from the code: it counts in the strings' own terms.
 */
function instantsOf(text: string): { first: number; last: number } {
  const [, day = '', time = '', zone = ''] =
    /^([\d-]+)(?:T([\d:.]+)(Z|[+-]\d\d:\d\d))?$/.exec(text) ?? [];
  const firstDay = `${day}-01-01`.slice(0, 10);
  const first = Date.parse(`${firstDay}T${padded(time, '00:00:00.000')}${zone || 'Z'}`);
  if (time !== '') {
    return { first, last: Date.parse(`${firstDay}T${padded(time, '00:00:59.999')}${zone}`) };
  }
  const after = new Date(first);
  if (day.length === 4) after.setUTCFullYear(after.getUTCFullYear() + 1);
  else if (day.length === 7) after.setUTCMonth(after.getUTCMonth() + 1);
  else after.setUTCDate(after.getUTCDate() + 1);
  return { first, last: after.getTime() - 1 };
}

function padded(time: string, full: string): string {
  return time + full.slice(time.length);
}

/** R4's table of prefixes, word by word, on whole milliseconds. */
function isMeant(prefix: Prefix, asked: string, given: string, about: number): boolean {
  const parameter = instantsOf(asked);
  const resource = instantsOf(given);
  const isContained = parameter.first <= resource.first && resource.last <= parameter.last;
  const meetsAbove = resource.last > parameter.last;
  const meetsBelow = resource.first < parameter.first;
  switch (prefix) {
    case 'eq':
      return isContained;
    case 'ne':
      return !isContained;
    case 'gt':
      return meetsAbove;
    case 'lt':
      return meetsBelow;
    case 'ge':
      return meetsAbove || isContained;
    case 'le':
      return meetsBelow || isContained;
    case 'sa':
      return resource.first > parameter.last;
    case 'eb':
      return resource.last < parameter.first;
    case 'ap':
      return resource.first <= parameter.last + about && resource.last >= parameter.first - about;
    default:
      return prefix satisfies never;
  }
}

function spanOf(text: string): { low: number; high: number } {
  const span = readDate(text);
  assert.ok(span, text);
  return { low: span.fromMs, high: span.untilMs };
}

for (const prefix of PREFIXES) {
  test(`${prefix} lets through the dates that the standard means, of every precision`, () => {
    const about = fc.constantFrom(0, 1000, 86_400_000);
    fc.assert(
      fc.property(DATE, DATE, about, (asked, given, aboutMs) => {
        const isLet = passes(dateTest(prefix, spanOf(asked), aboutMs), spanOf(given));
        assert.equal(isLet, isMeant(prefix, asked, given, aboutMs), `${prefix}${asked} ${given}`);
      }),
      { numRuns: 400 },
    );
  });
}

for (const prefix of PREFIXES) {
  test(`${prefix} asks of an instant for whole milliseconds, and lets the same ones through`, () => {
    const nearby = fc.constantFrom(-60_000, -1000, -2, -1, 0, 1, 2, 1000, 86_400_000);
    const edge = fc.constantFrom('low', 'high');
    fc.assert(
      fc.property(DATE, nearby, edge, (asked, byMs, end) => {
        const span = spanOf(asked);
        const atMs = span[end as 'low' | 'high'] + byMs;
        const asks = dateTest(prefix, span, 1000);
        const { from = atMs, until = atMs + 1 } = instantSpan(asks);
        const sides = [atMs >= from, atMs < until];
        const isAsked = asks.combine === 'all' ? sides.every(Boolean) : isAny(asks, sides);
        assert.equal(isAsked !== asks.isNot, passes(asks, { low: atMs, high: atMs + 1 }));
      }),
      { numRuns: 400 },
    );
  });
}

/** Of two sides only those that are asked count. */
function isAny(asks: Parameters<typeof instantSpan>[0], sides: readonly boolean[]): boolean {
  const { from, until } = instantSpan(asks);
  return [from, until].some((side, at) => side !== undefined && sides[at] === true);
}

test('an instant that is asked for without an end is asked for to the last day', () => {
  const bounds = [
    { end: 'low', operator: '>=', value: Number.NEGATIVE_INFINITY },
    { end: 'low', operator: '<', value: Number.POSITIVE_INFINITY },
  ] as const;
  assert.deepEqual(instantSpan({ combine: 'all', bounds }), { from: -8.64e15, until: 8.64e15 });
});

test('a period without an end is after everything, and never within', () => {
  const open = { low: Date.UTC(2026, 0), high: Number.POSITIVE_INFINITY };
  const asks = (prefix: Prefix) => passes(dateTest(prefix, spanOf('2026'), 0), open);
  assert.deepEqual(PREFIXES.filter(asks), ['ne', 'gt', 'ge', 'ap']);
});

const NUMBERS = [
  { asked: 'eq', value: 5.4, half: 0.05, passing: [5.35, 5.4, 5.449], failing: [5.3499, 5.45, 54] },
  { asked: 'eq', value: 100, half: 0.5, passing: [99.5, 100.4], failing: [99.4, 100.5] },
  { asked: 'ne', value: 100, half: 0.5, passing: [99.4, 100.5], failing: [99.5, 100.4] },
  { asked: 'gt', value: 100, half: 0.5, passing: [100.001], failing: [100, 99.9] },
  { asked: 'ge', value: 100, half: 0.5, passing: [100, 100.001], failing: [99.9] },
  { asked: 'lt', value: 100, half: 0.5, passing: [99.9], failing: [100] },
  { asked: 'le', value: 100, half: 0.5, passing: [99.9, 100], failing: [100.001] },
  { asked: 'sa', value: 100, half: 0.5, passing: [100.001], failing: [100] },
  { asked: 'eb', value: 100, half: 0.5, passing: [99.9], failing: [100] },
  { asked: 'ap', value: 100, half: 0.5, passing: [90, 110], failing: [89.9, 110.1] },
] as const;

for (const { asked, value, half, passing, failing } of NUMBERS) {
  test(`${asked}${value} lets ${passing.join(', ')} through, and not ${failing.join(', ')}`, () => {
    const bounds = numberTest(asked, value, half);
    for (const given of passing) assert.ok(passes(bounds, { low: given, high: given }), `${given}`);
    for (const given of failing)
      assert.ok(!passes(bounds, { low: given, high: given }), `${given}`);
  });
}

test('a range is greater where it reaches, and starts after where it begins', () => {
  const range = { low: 90, high: 110 };
  const asks = (prefix: Prefix) => passes(numberTest(prefix, 100, 0.5), range);
  assert.deepEqual(PREFIXES.filter(asks), ['ne', 'gt', 'lt', 'ge', 'le', 'ap']);
});
