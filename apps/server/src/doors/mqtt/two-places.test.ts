import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NO_TAKE_OVERS, onTakeOver, type TwoPlaces } from './two-places.ts';

const MINUTE_MS = 60_000;

/** What is told of a device that comes from these addresses, one after the other. */
function told(addresses: readonly string[], everyMs: number): (TwoPlaces | undefined)[] {
  let takeOvers = NO_TAKE_OVERS;
  return addresses.slice(1).map((toAddress, i) => {
    const fromAddress = addresses[i] ?? '';
    const step = onTakeOver(takeOvers, { atMs: i * everyMs, fromAddress, toAddress });
    takeOvers = step.takeOvers;
    return step.told;
  });
}

const same = (count: number): string[] => Array.from({ length: count }, () => 'a');

describe('an identity in two places', () => {
  const cases: readonly {
    what: string;
    addresses: readonly string[];
    everyMs: number;
    last?: TwoPlaces;
  }[] = [
    { what: 'one that goes and comes back', addresses: ['a', 'b', 'a'], everyMs: 1 },
    {
      what: 'one that comes back a second time within ten minutes',
      addresses: ['a', 'b', 'a', 'b'],
      everyMs: 5 * MINUTE_MS - 1,
      last: 'two-addresses',
    },
    {
      what: 'one that comes back as often, more slowly',
      addresses: ['a', 'b', 'a', 'b'],
      everyMs: 5 * MINUTE_MS,
    },
    { what: 'one that walks through many networks', addresses: [...'abcdefghij'], everyMs: 1 },
    { what: '19 losses of the line in two minutes', addresses: same(20), everyMs: 1 },
    {
      what: 'the twentieth',
      addresses: same(21),
      everyMs: 6_000,
      last: 'take-over-storm',
    },
    { what: 'twenty in a longer time', addresses: same(21), everyMs: 6_400 },
  ];
  for (const { what, addresses, everyMs, last } of cases)
    test(`${what}: ${last ?? 'nothing'}`, () => {
      const all = told(addresses, everyMs);
      assert.equal(all.at(-1), last);
      assert.ok(all.slice(0, -1).every((one) => one === undefined));
    });

  test('is told again after an hour, and not before', () => {
    const addresses = Array.from({ length: 90 }, (_, i) => (i % 2 === 0 ? 'a' : 'b'));
    const minutes = told(addresses, MINUTE_MS).flatMap((one, i) => (one === undefined ? [] : [i]));
    assert.deepEqual(minutes, [2, 62]);
  });
});
