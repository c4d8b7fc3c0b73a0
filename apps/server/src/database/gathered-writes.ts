/**
 * One statement for many: while one is on its way, what comes meanwhile gathers and goes as the next. A
 * lone part waits for nobody. Each caller hears of its own part alone.
 */
import { expect } from '@ausculta/vitals/expect';
import { databaseFault } from './fault.ts';

export interface GatheringPorts<Part, Answer> {
  /** Writes all of them durably; answers for each, in their order. */
  readonly write: (parts: readonly Part[]) => Promise<readonly Answer[]>;
  /** A statement carries so much, unless one part has more by itself. */
  readonly weigh: (part: Part) => number;
  readonly weightMax: number;
  /** Statements under way at a time: one, where their order counts or more would wait for each other. */
  readonly atOnce?: number;
}

interface Waiting<Part, Answer> {
  readonly part: Part;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export class GatheredWrites<Part, Answer> {
  readonly #ports: GatheringPorts<Part, Answer>;
  #gathering: Waiting<Part, Answer>[] = [];
  #underWay = 0;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(ports: GatheringPorts<Part, Answer>) {
    this.#ports = ports;
  }

  /** Resolves once it is durable. */
  write(part: Part): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#gathering.push({ part, resolve, reject });
    const { atOnce = 1 } = this.#ports;
    if (this.#underWay < atOnce) this.#writing = Promise.all([this.#writing, this.#writeAll()]);
    return promise;
  }

  /** Resolves when what was on its way has arrived, or has failed. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    this.#underWay += 1;
    // Those that come in the same turn belong together.
    await Promise.resolve();
    while (this.#gathering.length > 0) await this.#writeTogether(this.#take());
    this.#underWay -= 1;
  }

  #take(): readonly Waiting<Part, Answer>[] {
    let count = 0;
    let weight = 0;
    for (const { part } of this.#gathering) {
      weight += this.#ports.weigh(part);
      if (count > 0 && weight > this.#ports.weightMax) break;
      count += 1;
    }
    return this.#gathering.splice(0, count);
  }

  async #writeTogether(all: readonly Waiting<Part, Answer>[]): Promise<void> {
    try {
      const answers = await this.#ports.write(all.map(({ part }) => part));
      expect(answers.length === all.length, 'each part has an answer');
      for (const [i, { resolve }] of all.entries()) resolve(answers[i] as Answer);
    } catch (error) {
      // A row that breaks a rule is its own part's trouble; a store that is away is everybody's.
      if (all.length > 1 && databaseFault(error) === undefined) {
        for (const one of all) await this.#writeTogether([one]);
      } else {
        for (const { reject } of all) reject(error);
      }
    }
  }
}
