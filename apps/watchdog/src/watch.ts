/** Looks again and again, tells the server that it has, the technician that it fails, and somewhere outside that it lives. */
import type { WatchdogCheck } from '@ausculta/contract/watchdog';
import { type Canary, hatch } from './canary.ts';
import { CALM, type Call, type Judgement, judge, type Outcome, wordsOf } from './judge.ts';
import type { ServerClient } from './server-client.ts';
import type { Words } from './technician.ts';
import { Way, type WayAccess } from './way.ts';

/** A canary's alarms go with it. */
const CANARY_LIVES_MS = 24 * 3_600_000;

export interface WatchPorts {
  readonly server: ServerClient;
  readonly way: Omit<WayAccess, 'canary'>;
  /** True once it was taken. */
  readonly call: (words: Words) => Promise<boolean>;
  readonly heartbeat: (() => Promise<void>) | undefined;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly onProblem: (what: string, error: unknown) => void;
}

export class Watch implements AsyncDisposable {
  readonly #ports: WatchPorts;
  #way: Way | undefined;
  #hatchedMs = Number.NEGATIVE_INFINITY;
  #judgement: Judgement = CALM;
  /** What nobody has taken yet: said before anything newer. */
  #owed: Call | undefined;

  constructor(ports: WatchPorts) {
    this.#ports = ports;
  }

  async look(): Promise<Outcome> {
    const { nowMs } = this.#ports;
    const outcome = await this.#outcome();
    const { judgement, call } = judge(this.#judgement, outcome, nowMs());
    this.#judgement = judgement;
    this.#owed = call ?? this.#owed;
    await this.#sayOwed();
    if (outcome.isWell) await this.#tellServer({ tookMs: outcome.tookMs });
    // One that fails may be a cable: the wards hear of it with the technician.
    else if (judgement.toldMs !== undefined) await this.#tellServer({ stuckAt: outcome.stage });
    await this.#beat();
    return outcome;
  }

  async #outcome(): Promise<Outcome> {
    const { nowMs, onProblem, way } = this.#ports;
    if (this.#way === undefined || nowMs() - this.#hatchedMs >= CANARY_LIVES_MS) {
      try {
        const canary: Canary = await hatch(this.#ports.server, this.#ports.newId);
        await this.#way?.[Symbol.asyncDispose]();
        this.#way = new Way({ ...way, canary });
        this.#hatchedMs = nowMs();
      } catch (error) {
        onProblem('make a canary', error);
        if (this.#way === undefined) return { isWell: false, stage: 'reach' };
      }
    }
    return await this.#way.look();
  }

  async #sayOwed(): Promise<void> {
    if (this.#owed === undefined) return;
    const { url } = this.#ports.way;
    if (await this.#ports.call(wordsOf(this.#owed, url))) this.#owed = undefined;
  }

  async #tellServer(check: WatchdogCheck): Promise<void> {
    try {
      await this.#ports.server.tell('/api/watchdog/checks', check);
    } catch (error) {
      this.#ports.onProblem('tell the server', error);
    }
  }

  /** It says that the watchdog lives, whatever it has found. */
  async #beat(): Promise<void> {
    try {
      await this.#ports.heartbeat?.();
    } catch (error) {
      this.#ports.onProblem('beat', error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#way?.[Symbol.asyncDispose]();
  }
}
