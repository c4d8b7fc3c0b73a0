import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { type Spell, SpellFinder, type SpellQuestion } from './spell.ts';

interface Reading {
  readonly timeMs: number;
  readonly value: number;
  readonly flags: number;
}

const LOW_OXYGEN: SpellQuestion = {
  direction: 'below',
  bound: 92,
  atLeastMs: 600_000,
  gapMaxMs: 10_000,
  step: 1,
};

function spellsOf(question: SpellQuestion, readings: readonly Reading[]): Spell[] {
  const spells: Spell[] = [];
  const finder = new SpellFinder(question, (spell) => spells.push(spell));
  for (const reading of readings) finder.add(reading);
  finder.end();
  return spells;
}

/** One reading a second, from a second of the day on. */
const seconds = (from: number, until: number, value: number, flags = 0): Reading[] =>
  Array.from({ length: until - from }, (_, i) => ({ timeMs: (from + i) * 1000, value, flags }));

const brief = (spells: readonly Spell[]) =>
  spells.map(({ fromMs, untilMs, endedBy }) => [fromMs / 1000, untilMs / 1000, endedBy]);

test('an oxygen saturation that is low for ten minutes is a spell; a second less is none', () => {
  const lasting = (s: number) => [
    ...seconds(0, 5, 97),
    ...seconds(5, 5 + s, 91),
    ...seconds(5 + s, 900, 92),
  ];
  assert.deepEqual(brief(spellsOf(LOW_OXYGEN, lasting(600))), [[5, 605, 'within']]);
  assert.deepEqual(spellsOf(LOW_OXYGEN, lasting(599)), []);
});

test('silence ends a spell at its last reading and is never counted as low', () => {
  const torn = [...seconds(0, 400, 88), ...seconds(411, 900, 88)];
  assert.deepEqual(spellsOf(LOW_OXYGEN, torn), [], 'neither part lasts ten minutes');
  const ended = [...seconds(0, 700, 88), ...seconds(2_000, 2_001, 88)];
  assert.deepEqual(brief(spellsOf(LOW_OXYGEN, ended)), [[0, 699, 'silence']]);
  const bridged = [...seconds(0, 400, 88), ...seconds(409, 900, 88)];
  assert.deepEqual(
    brief(spellsOf(LOW_OXYGEN, bridged)),
    [[0, 899, 'edge']],
    'ten seconds are no silence',
  );
});

test('a reading that is shown as the bound is not beyond it', () => {
  const asked = { ...LOW_OXYGEN, atLeastMs: 0 };
  const one = (value: number) => spellsOf(asked, [{ timeMs: 0, value, flags: 0 }]).length;
  assert.deepEqual([one(91.4), one(91.5), one(92), one(92.4)], [1, 0, 0, 0]);
});

const SIDED = [
  { direction: 'above', bound: 400, value: 600, flags: FLAG.ABOVE, spells: 1 },
  { direction: 'above', bound: 600, value: 600, flags: FLAG.ABOVE, spells: 1 },
  { direction: 'above', bound: 700, value: 600, flags: FLAG.ABOVE, spells: 0 },
  { direction: 'below', bound: 700, value: 600, flags: FLAG.ABOVE, spells: 0 },
  { direction: 'below', bound: 54, value: 20, flags: FLAG.BELOW, spells: 1 },
  { direction: 'below', bound: 20, value: 20, flags: FLAG.BELOW, spells: 1 },
  { direction: 'below', bound: 10, value: 20, flags: FLAG.BELOW, spells: 0 },
  { direction: 'above', bound: 10, value: 20, flags: FLAG.BELOW, spells: 0 },
] as const;

for (const { direction, bound, value, flags, spells } of SIDED) {
  const sign = flags === FLAG.ABOVE ? '>' : '<';
  test(`"${sign} ${value}" is ${spells === 1 ? '' : 'not surely '}${direction} ${bound}`, () => {
    const question = { ...LOW_OXYGEN, direction, bound, atLeastMs: 0 };
    assert.equal(spellsOf(question, [{ timeMs: 0, value, flags }]).length, spells);
  });
}

test('a value that could be either ends a spell, and says that it was in doubt', () => {
  const asked = { ...LOW_OXYGEN, bound: 10, atLeastMs: 0 };
  const readings = [...seconds(0, 5, 8), ...seconds(5, 6, 20, FLAG.BELOW), ...seconds(6, 8, 8)];
  assert.deepEqual(brief(spellsOf(asked, readings)), [
    [0, 5, 'doubt'],
    [6, 7, 'edge'],
  ]);
});

/** From the definition: which times between neighbours count, and which of them lie side by side. */
function naively(question: SpellQuestion, readings: readonly Reading[]): (number | string)[][] {
  const isBeyond = readings.map(({ value }) => value < question.bound);
  const counts = readings.map((reading, i) => {
    const next = readings[i + 1];
    return isBeyond[i] && next !== undefined && next.timeMs - reading.timeMs <= question.gapMaxMs;
  });
  const found: (number | string)[][] = [];
  for (let i = 0; i < readings.length; i += 1) {
    // A spell begins at a reading beyond the bound that no counted time leads to from one beyond it.
    if (!isBeyond[i] || (i > 0 && isBeyond[i - 1] && counts[i - 1])) continue;
    let last = i;
    while (counts[last] && isBeyond[last + 1]) last += 1;
    const recovers = counts[last] && !isBeyond[last + 1];
    const until = readings[recovers ? last + 1 : last]?.timeMs ?? 0;
    const from = readings[i]?.timeMs ?? 0;
    if (until - from < question.atLeastMs) continue;
    const isLast = last === readings.length - 1;
    found.push([from, until, recovers ? 'within' : isLast ? 'edge' : 'silence', last - i + 1]);
  }
  return found;
}

test('whatever the readings, the spells are those of the definition', () => {
  const reading = fc.record({ afterMs: fc.nat(20), value: fc.integer({ min: 88, max: 96 }) });
  const questions = fc.record({ atLeastMs: fc.nat(40), gapMaxMs: fc.nat(15) });
  fc.assert(
    fc.property(fc.array(reading, { maxLength: 40 }), questions, (steps, rest) => {
      let timeMs = 0;
      const readings = steps.map(({ afterMs, value }) => {
        timeMs += afterMs;
        return { timeMs, value, flags: 0 };
      });
      const question = { ...LOW_OXYGEN, ...rest };
      const found = spellsOf(question, readings);
      assert.deepEqual(
        found.map(({ fromMs, untilMs, endedBy, readings: count }) => [
          fromMs,
          untilMs,
          endedBy,
          count,
        ]),
        naively(question, readings),
      );
      const isBeyondFirst = (readings[0]?.value ?? 92) < 92;
      for (const [i, { fromEdge }] of spellsOf({ ...question, atLeastMs: 0 }, readings).entries())
        assert.equal(fromEdge, i === 0 && isBeyondFirst);
    }),
    { numRuns: 1_000 },
  );
});

test('a spell tells how low it went and how many of its readings were doubted', () => {
  const readings = [
    ...seconds(0, 3, 90),
    ...seconds(3, 4, 71, FLAG.QUESTIONABLE),
    ...seconds(4, 5, 20, FLAG.IMPLAUSIBLE),
    ...seconds(5, 6, 95),
  ];
  const [spell] = spellsOf({ ...LOW_OXYGEN, atLeastMs: 0 }, readings);
  assert.deepEqual([spell?.extreme, spell?.doubted, spell?.readings], [20, 2, 5]);
});
