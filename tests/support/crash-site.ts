/**
 * A server with devices that send to it, for rounds of faults on the real parts. Whatever was
 * acknowledged is there afterwards, once. A server that survives a fault owes every device its answer.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './crash-faults.ts';
import { checkStored, makeStreams, type Stream, send } from './device-streams.ts';
import { type ServerProcess, startServerProcess } from './program.ts';
import { eventually } from './server.ts';

const BEFORE_MS = { least: 50, more: 250 } as const;
const LASTS_MS = { least: 150, more: 600 } as const;

/** Then other patients' devices take over: what is looked at after each round would grow without end. */
const ROUNDS_PER_DEVICE = 10;

export class CrashSite implements AsyncDisposable {
  readonly #dataDir: string;
  readonly #settings: Record<string, string>;
  readonly #tidyUp: (() => void)[];
  readonly #chance: () => number;
  #running: ServerProcess;
  #streams: readonly Stream[];
  /** Of devices that have done their rounds. */
  readonly #former: Stream[] = [];

  /** Made ready for all of these faults. */
  static async open(faults: readonly Fault[], chance: () => number): Promise<CrashSite> {
    const dataDir = mkdtempSync(join(tmpdir(), 'ausculta-test-'));
    const tidyUp = faults.map((fault) => fault.prepare(dataDir));
    const settings = Object.assign({}, ...faults.map((fault) => fault.settings(dataDir)));
    const running = await startServerProcess(dataDir, settings);
    const streams = await makeStreams(running.server);
    return new CrashSite({ dataDir, settings, tidyUp, chance, running, streams });
  }

  private constructor(parts: {
    dataDir: string;
    settings: Record<string, string>;
    tidyUp: (() => void)[];
    chance: () => number;
    running: ServerProcess;
    streams: readonly Stream[];
  }) {
    this.#dataDir = parts.dataDir;
    this.#settings = parts.settings;
    this.#tidyUp = parts.tidyUp;
    this.#chance = parts.chance;
    this.#running = parts.running;
    this.#streams = parts.streams;
  }

  /** All that was acknowledged since the beginning. */
  get acknowledged(): number {
    const all = [...this.#former, ...this.#streams];
    return all.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
  }

  async run(fault: Fault, rounds: number): Promise<void> {
    const before = this.acknowledged;
    for (let round = 0; round < rounds; round += 1) {
      if (round % ROUNDS_PER_DEVICE === ROUNDS_PER_DEVICE - 1) await this.#relieve();
      await this.#sendThrough(fault, round);
      if (!fault.isSurvived) await this.#start();
      await checkStored(this.#running.server, this.#streams);
    }
    if (fault.isSurvived) {
      // What was in memory alone is missing after this.
      await this.#running.kill();
      await this.#start();
      await checkStored(this.#running.server, this.#streams);
    }
    await checkStored(this.#running.server, this.#former);
    assert.ok(this.acknowledged > before + rounds * this.#streams.length, 'the devices were heard');
  }

  async #relieve(): Promise<void> {
    this.#former.push(...this.#streams);
    this.#streams = await makeStreams(this.#running.server);
  }

  async #start(): Promise<void> {
    this.#running = await startServerProcess(this.#dataDir, this.#settings);
  }

  async #sendThrough(fault: Fault, round: number): Promise<void> {
    const streams = this.#streams;
    const running = this.#running;
    // A server that died took these messages with it: nobody owes an answer to them any more.
    const lost = streams.map(({ count, acknowledged }) => count - acknowledged.size);
    const clients = await Promise.all(streams.map(({ device }) => running.server.connect(device)));
    const over = new AbortController();
    const sending = Promise.all(
      clients.map((client, i) => send(streams[i] as Stream, client, over.signal)),
    );
    await this.#sleep(BEFORE_MS);
    const end = await fault.begin({ dataDir: this.#dataDir, running }, round);
    if (fault.isSurvived) {
      await this.#sleep(LASTS_MS);
      end();
      await allHeardAgain(streams, running);
    }
    over.abort();
    await sending;
    if (fault.isSurvived) {
      await eventually('every acknowledgement that is owed', () =>
        streams.every(({ count, acknowledged }, i) => count - acknowledged.size === lost[i])
          ? true
          : undefined,
      );
      const areConnected = clients.every(({ connected }) => connected);
      assert.ok(areConnected, 'nobody was cut off');
    }
    for (const client of clients) client.end(true);
  }

  #sleep({ least, more }: { least: number; more: number }): Promise<void> {
    return sleep(least + this.#chance() * more);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
    for (const tidy of this.#tidyUp) tidy();
    rmSync(this.#dataDir, { recursive: true, force: true });
  }
}

async function allHeardAgain(
  streams: readonly Stream[],
  { program: { child, output } }: ServerProcess,
): Promise<void> {
  const before = streams.map(({ acknowledged }) => acknowledged.size);
  const isHeard = ({ acknowledged }: Stream, i: number) => acknowledged.size > (before[i] ?? 0);
  await eventually('every device to be heard again', () => {
    const hasEnded = child.exitCode !== null || child.signalCode !== null;
    assert.ok(!hasEnded, `the server survives it; it ended, and said: ${output.stderr}`);
    return streams.every(isHeard) ? true : undefined;
  });
}
