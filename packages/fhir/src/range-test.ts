/**
 * What a search prefix asks of a value that is a span: a date of some precision, a number with its
 * bounds (R4, search, 3.1.1.4.1). As bounds on the value's two ends, so that a database can ask them
 * and a test can read them.
 */

export const PREFIXES = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'] as const;

export type Prefix = (typeof PREFIXES)[number];

/** The ends of a value. A date ends after its last millisecond; a plain number is both of its ends. */
export interface Span {
  readonly low: number;
  readonly high: number;
}

interface Bound {
  readonly end: 'low' | 'high';
  readonly operator: '<' | '<=' | '>' | '>=';
  readonly value: number;
}

/** The value matches when `any` or all of its bounds hold; with `isNot` when that is not so. */
export interface RangeTest {
  readonly combine: 'all' | 'any';
  readonly bounds: readonly Bound[];
  readonly isNot: boolean;
}

/** Dates are half-open spans on both sides; `ap` lets through what lies within `aboutMs` of the one asked. */
export function dateTest(prefix: Prefix, asked: Span, aboutMs: number): RangeTest {
  const { low, high } = asked;
  switch (prefix) {
    case 'eq':
      return all(bound('low', '>=', low), bound('high', '<=', high));
    case 'ne':
      return { ...dateTest('eq', asked, aboutMs), isNot: true };
    case 'gt':
      return all(bound('high', '>', high));
    case 'lt':
      return all(bound('low', '<', low));
    // "Greater, or within": beyond the lower end it is either.
    case 'ge':
      return { ...all(bound('high', '>', high), bound('low', '>=', low)), combine: 'any' };
    case 'le':
      return { ...all(bound('low', '<', low), bound('high', '<=', high)), combine: 'any' };
    case 'sa':
      return all(bound('low', '>=', high));
    case 'eb':
      return all(bound('high', '<=', low));
    case 'ap':
      return all(bound('low', '<', high + aboutMs), bound('high', '>', low - aboutMs));
    default:
      return prefix satisfies never;
  }
}

/** The last millisecond that a date can say. */
const LATEST_MS = 8.64e15;

/**
 * A test of an instant, which is its own low end and whose high end is a millisecond later: from which
 * millisecond and before which; both hold, or either, as the test combines its bounds.
 */
export function instantSpan({ combine, bounds }: Pick<RangeTest, 'combine' | 'bounds'>): {
  readonly from: number | undefined;
  readonly until: number | undefined;
} {
  const [least, most] = combine === 'all' ? [Math.max, Math.min] : [Math.min, Math.max];
  const sides: { from: number | undefined; until: number | undefined } = {
    from: undefined,
    until: undefined,
  };
  for (const { end, operator, value } of bounds) {
    const ms = Math.min(Math.max(value, -LATEST_MS), LATEST_MS) - (end === 'high' ? 1 : 0);
    // Between two milliseconds nothing happens.
    const next = operator === '>' || operator === '<=' ? Math.floor(ms) + 1 : Math.ceil(ms);
    if (operator.startsWith('>')) sides.from = least(sides.from ?? next, next);
    else sides.until = most(sides.until ?? next, next);
  }
  return sides;
}

/**
 * Equal is what rounds to the digits that were asked for: 5.4 is [5.35, 5.45). The other prefixes take
 * the number as it stands.
 */
export function numberTest(prefix: Prefix, value: number, halfStep: number): RangeTest {
  switch (prefix) {
    case 'eq':
      return all(
        bound('low', '>=', plain(value - halfStep)),
        bound('high', '<', plain(value + halfStep)),
      );
    case 'ne':
      return { ...numberTest('eq', value, halfStep), isNot: true };
    case 'gt':
      return all(bound('high', '>', value));
    case 'lt':
      return all(bound('low', '<', value));
    case 'ge':
      return all(bound('high', '>=', value));
    case 'le':
      return all(bound('low', '<=', value));
    case 'sa':
      return all(bound('low', '>', value));
    case 'eb':
      return all(bound('high', '<', value));
    case 'ap': {
      const about = Math.max(Math.abs(value) / 10, halfStep);
      return all(
        bound('low', '<=', plain(value + about)),
        bound('high', '>=', plain(value - about)),
      );
    }
    default:
      return prefix satisfies never;
  }
}

export function passes(test: RangeTest, { low, high }: Span): boolean {
  const isHeld = ({ end, operator, value }: Bound) => {
    const given = end === 'low' ? low : high;
    switch (operator) {
      case '<':
        return given < value;
      case '<=':
        return given <= value;
      case '>':
        return given > value;
      case '>=':
        return given >= value;
      default:
        return operator satisfies never;
    }
  };
  const holds = test.combine === 'all' ? test.bounds.every(isHeld) : test.bounds.some(isHeld);
  return holds !== test.isNot;
}

function all(...bounds: readonly Bound[]): RangeTest {
  return { combine: 'all', bounds, isNot: false };
}

function bound(end: Bound['end'], operator: Bound['operator'], value: number): Bound {
  return { end, operator, value };
}

/** 5.4 - 0.05 is 5.35, and not 5.3500000000000005. */
function plain(value: number): number {
  return Number(value.toPrecision(15));
}
