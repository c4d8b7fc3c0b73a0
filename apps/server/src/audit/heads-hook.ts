/**
 * Signed heads go to a receiver elsewhere, one after the other, in the order in which they were signed: beside the
 * file, which lies on a machine that somebody administers. Nothing waits for it. What it has taken is a row, so that
 * a restart goes on where it was; what it has not is tried again without end, less and less often. A head that is
 * not taken holds up those of its organisation alone.
 */
import { createHash } from 'node:crypto';
import type { Sql } from '../database/pool.ts';
import type { Outgoing, Reply } from '../outgoing/outgoing.ts';
import type { Outside } from '../outside.ts';
import { SIGNING_HEADER, signed } from '../subscriptions/signing.ts';
import * as store from './hook-store.ts';

const ROUND_MS = 1_000;
const TIMEOUT_MS = 10_000;
const BACKOFF_FIRST_MS = 1_000;
const BACKOFF_MAX_MS = 5 * 60_000;

export interface HeadsHookPorts extends Pick<Outside, 'every' | 'nowMs' | 'onProblem'> {
  readonly sql: Sql;
  readonly url: URL;
  readonly secret: string;
  readonly outgoing: Pick<Outgoing, 'post'>;
}

interface Wait {
  readonly untilMs: number;
  /** So long is the one that follows. */
  readonly nextMs: number;
}

/** An address may say more than who keeps heads: rows name it by its hash. */
export const receiverOf = (url: string): string => createHash('sha256').update(url).digest('hex');

export class HeadsHook implements AsyncDisposable {
  readonly #ports: HeadsHookPorts;
  readonly receiver: string;
  readonly #stop: () => void;
  #underWay: Promise<void> | undefined;
  #isOver = false;
  /** Organisations of which a head was not taken. */
  readonly #waits = new Map<string, Wait>();

  constructor(ports: HeadsHookPorts) {
    this.#ports = ports;
    this.receiver = receiverOf(ports.url.href);
    this.#stop = ports.every(ROUND_MS, () => this.#round());
  }

  get host(): string {
    return this.#ports.url.host;
  }

  #round(): void {
    if (this.#underWay !== undefined) return;
    this.#underWay = this.#tell()
      .catch((error: unknown) => this.#ports.onProblem('send heads of the audit', error))
      .finally(() => {
        this.#underWay = undefined;
      });
  }

  async #tell(): Promise<void> {
    const { sql, nowMs } = this.#ports;
    const { receiver } = this;
    await store.beginTelling(sql, receiver);
    for (;;) {
      const untold = await store.nextUntold(sql, receiver);
      const heads = untold.filter((one) => this.#isDue(one.organisation_id));
      if (heads.length === 0) return;
      for (const head of heads) {
        if (this.#isOver) return;
        const why = refusalIn(await this.#send(head));
        const of = { receiver, organisationId: head.organisation_id, atMs: nowMs() };
        if (why === undefined) {
          this.#waits.delete(of.organisationId);
          await store.noteTaken(sql, { ...of, head });
        } else {
          this.#backOff(of.organisationId);
          await store.noteNotTaken(sql, { ...of, why });
        }
      }
    }
  }

  #isDue(organisationId: string): boolean {
    return this.#ports.nowMs() >= (this.#waits.get(organisationId)?.untilMs ?? 0);
  }

  #backOff(organisationId: string): void {
    const { nextMs = BACKOFF_FIRST_MS } = this.#waits.get(organisationId) ?? {};
    const untilMs = this.#ports.nowMs() + nextMs;
    this.#waits.set(organisationId, { untilMs, nextMs: Math.min(2 * nextMs, BACKOFF_MAX_MS) });
  }

  /** The body is a line of the file of heads: whoever appends each to a file can verify by it. */
  async #send({ organisation_id, size, note, is_restoration }: store.Untold): Promise<Reply> {
    const { outgoing, url, secret, nowMs } = this.#ports;
    const body = JSON.stringify({ note });
    const id = `${organisation_id}.${is_restoration ? 'restored.' : ''}${size}`;
    const headers = signed([[SIGNING_HEADER, secret]], { id, atMs: nowMs(), body });
    const all = { 'content-type': 'application/json', ...Object.fromEntries(headers) };
    return await outgoing.post({ url, headers: all, body, timeoutMs: TIMEOUT_MS });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#stop();
    // What is on its way is answered or late; a restart sends it again, under the same id.
    await this.#underWay;
  }
}

function refusalIn(reply: Reply): string | undefined {
  if (reply.kind === 'none') return reply.reason;
  return reply.status >= 200 && reply.status < 300 ? undefined : `it answers ${reply.status}`;
}
