/**
 * One statement for many: while one is on its way, what comes meanwhile gathers and goes as the next. A
 * lone part waits for nobody. Each caller hears of its own part alone.
 */
import { expect } from '@ausculta/vitals/expect';
import { databaseFault } from './fault.ts';
import { viewAsPlatform } from './viewing.ts';

export interface GatheringPorts<Part, Answer> {
  /** Writes all of them durably; answers for each, in their order. */
  readonly write: (parts: readonly Part[]) => Promise<readonly Answer[]>;
  /** A statement carries so much, unless one part has more by itself. */
  readonly weigh: (part: Part) => number;
  readonly weightMax: number;
  /** Before a statement when none was under way: what comes until it resolves goes with it. */
  readonly gather?: () => Promise<void>;
  /** What weighs as much waits for no statement under way: two at most are. None does where this is absent. */
  readonly besideFrom?: number;
}

interface Waiting<Part, Answer> {
  readonly part: Part;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export class GatheredWrites<Part, Answer> {
  readonly #ports: GatheringPorts<Part, Answer>;
  #gathering: Waiting<Part, Answer>[] = [];
  #weight = 0;
  #underWay = 0;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(ports: GatheringPorts<Part, Answer>) {
    this.#ports = ports;
  }

  /** Resolves once it is durable. */
  write(part: Part): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#gathering.push({ part, resolve, reject });
    this.#weight += this.#ports.weigh(part);
    if (this.#isDue(this.#underWay)) this.#writing = Promise.all([this.#writing, this.#writeAll()]);
    return promise;
  }

  /** Resolves when what was on its way has arrived, or has failed. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    this.#underWay += 1;
    // Those that come in the same turn belong together.
    await this.#ports.gather?.();
    while (this.#isDue(this.#underWay - 1)) await this.#writeTogether(this.#take());
    this.#underWay -= 1;
  }

  #isDue(underWay: number): boolean {
    const { besideFrom = Number.POSITIVE_INFINITY } = this.#ports;
    if (underWay === 0) return this.#gathering.length > 0;
    return underWay === 1 && this.#weight >= besideFrom;
  }

  #take(): readonly Waiting<Part, Answer>[] {
    let count = 0;
    let weight = 0;
    for (const { part } of this.#gathering) {
      weight += this.#ports.weigh(part);
      if (count > 0 && weight > this.#ports.weightMax) break;
      count += 1;
    }
    const taken = this.#gathering.splice(0, count);
    for (const { part } of taken) this.#weight -= this.#ports.weigh(part);
    return taken;
  }

  async #writeTogether(all: readonly Waiting<Part, Answer>[]): Promise<void> {
    try {
      // Of several who ask: what each may see was said before it came here.
      const answers = await viewAsPlatform(() => this.#ports.write(all.map(({ part }) => part)));
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
