/**
 * When entries get their places: once a second by itself, and sooner for whoever reads what was done. They share
 * the round that begins after they asked, so that nobody makes more than one head a second by reading.
 */
import type { Outside } from '../outside.ts';

const REST_MS = 1_000;

export interface RoundPorts extends Pick<Outside, 'after'> {
  /** False where nothing waited. */
  readonly round: () => Promise<boolean>;
}

export class AuditRounds implements Disposable {
  readonly #ports: RoundPorts;
  #underWay: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  /** Whoever waits for the round that begins next. */
  #asked: PromiseWithResolvers<void> | undefined;
  /** Calls off the end of the rest; undefined: nobody need wait. */
  #endRest: (() => void) | undefined;

  constructor(ports: RoundPorts) {
    this.#ports = ports;
  }

  /** What was answered before this was asked has its place, or could not get one. */
  settled(): Promise<void> {
    this.#asked ??= Promise.withResolvers();
    const { promise } = this.#asked;
    if (this.#endRest === undefined) void this.settle();
    return promise;
  }

  /** The same, as soon as the round that is under way is over. */
  settle(): Promise<void> {
    if (this.#next === undefined) {
      this.#next = this.#underWay.then(() => this.#begin());
      this.#underWay = this.#next;
    }
    return this.#next;
  }

  async #begin(): Promise<void> {
    const asked = this.#asked;
    this.#asked = undefined;
    this.#next = undefined;
    this.#rest();
    const isDone = await this.#ports.round();
    asked?.resolve();
    if (!isDone) this.#goOn();
  }

  /** From the beginning of a round: however long it takes, the next one is not later than it must be. */
  #rest(): void {
    this.#endRest?.();
    this.#endRest = this.#ports.after(REST_MS, () => this.#goOn());
  }

  #goOn(): void {
    this[Symbol.dispose]();
    if (this.#asked !== undefined) void this.settle();
  }

  [Symbol.dispose](): void {
    this.#endRest?.();
    this.#endRest = undefined;
  }
}
