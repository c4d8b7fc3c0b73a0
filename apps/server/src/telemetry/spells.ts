/** Spells of one metric, of many subjects: each subject's readings are read once, window by window. */
import type { UnreadablePart } from '@ausculta/contract/readings';
import type { SpellAnswer, SpellView } from '@ausculta/contract/spells';
import { type Spell, SpellFinder, type SpellQuestion } from '@ausculta/rules/spell';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Metric } from '@ausculta/vitals/metric';
import type { SeriesRange, Span } from './merge.ts';
import type { Question } from './query-ports.ts';
import { inTimeOrder } from './reading-order.ts';

/** A day of 580 patients at 1 Hz: some seconds of reading. */
const READINGS_MAX = 50_000_000;
const SPELLS_MAX = 10_000;

const CADENCES_OF_SILENCE = 3;
const SILENCE_MIN_MS = 10_000;

export interface SpellsAsked extends Span {
  readonly subjects: readonly SubjectId[];
  readonly metric: Metric;
  readonly question: SpellQuestion;
}

export interface SpellPorts {
  readonly windows: (
    question: Question & { readonly newestFirst: boolean },
  ) => AsyncIterable<readonly SeriesRange[]>;
  /** Nobody waits for the answer any more. */
  readonly isGone: () => boolean;
}

/** Undefined for what is measured now and then: how long such a number holds, nobody but the asker can say. */
export function usualSilenceMs({ cadence }: Metric): number | undefined {
  if (cadence.kind !== 'continuous') return undefined;
  return Math.max(SILENCE_MIN_MS, CADENCES_OF_SILENCE * cadence.intervalMs);
}

export async function findSpells(
  ports: SpellPorts,
  asked: SpellsAsked,
): Promise<Result<Pick<SpellAnswer, 'spells' | 'unmeasured' | 'unreadable'>>> {
  const spells: SpellView[] = [];
  const unmeasured: string[] = [];
  const unreadable: SpellAnswer['unreadable'] = [];
  let readings = 0;
  for (const subjectId of asked.subjects) {
    const before = readings;
    const parts: UnreadablePart[] = [];
    const finders = new Finders(asked.question, (device, spell) => {
      const { fromMs, untilMs: toMs, ...rest } = spell;
      spells.push({ subjectId, device, fromMs, toMs, ...rest });
    });
    const { fromMs, toMs, metric } = asked;
    const wide = {
      subjectId,
      metrics: [metric.key],
      fromMs,
      toMs,
      newestFirst: false,
      unreadable: parts,
    };
    for await (const ranges of ports.windows(wide)) {
      readings += finders.add(ranges);
      if (ports.isGone()) return ok({ spells, unmeasured, unreadable });
      if (readings > READINGS_MAX)
        return fail('QUERY_TOO_WIDE', `more than ${READINGS_MAX} readings: ask for less time`);
      if (spells.length > SPELLS_MAX)
        return fail('QUERY_TOO_WIDE', `more than ${SPELLS_MAX} spells: ask for longer ones`);
    }
    finders.end();
    if (readings === before) unmeasured.push(subjectId);
    for (const part of parts) unreadable.push({ subjectId, ...part });
  }
  return ok({ spells, unmeasured, unreadable });
}

/** One for each device: two that measure the same do not fill each other's silence. */
class Finders {
  readonly #question: SpellQuestion;
  readonly #onSpell: (device: string, spell: Spell) => void;
  readonly #ofDevice = new Map<string, SpellFinder>();

  constructor(question: SpellQuestion, onSpell: (device: string, spell: Spell) => void) {
    this.#question = question;
    this.#onSpell = onSpell;
  }

  /** Answers how many readings there were. */
  add(ranges: readonly SeriesRange[]): number {
    let count = 0;
    for (const [device, own] of Map.groupBy(ranges, ({ series }) => series.deviceId)) {
      let finder = this.#ofDevice.get(device);
      if (finder === undefined) {
        finder = new SpellFinder(this.#question, (spell) => this.#onSpell(device, spell));
        this.#ofDevice.set(device, finder);
      }
      // Of one device the epochs of its clock follow each other as one story.
      for (const { range, index } of inTimeOrder(own, false)) {
        finder.add({
          timeMs: range.timesMs[index] as number,
          value: range.values[index] as number,
          flags: range.flags[index] as number,
        });
        count += 1;
      }
    }
    return count;
  }

  end(): void {
    for (const finder of this.#ofDevice.values()) finder.end();
  }
}
