/**
 * Tells whoever answers for privacy by mail: of an emergency access at once and then once
 * a minute, of unusual access once an hour. How many, and no more; what could not be sent is sent later, also after a restart.
 */
import type { MailState } from '@ausculta/contract/oversight';
import type { Sql } from '../database/pool.ts';
import type { MailRelay } from '../subscriptions/mail-relay.ts';
import { noteTold, readUntold, type Untold } from './store.ts';

export interface OfficerMailPorts {
  readonly sql: Sql;
  readonly relay: Pick<MailRelay, 'send'>;
  /** Undefined: the operator has named nobody. */
  readonly to: string | undefined;
  readonly publicUrl: string | undefined;
  readonly nowMs: () => number;
  readonly onProblem: (what: string, error: unknown) => void;
}

const UNUSUAL_EVERY_MS = 3_600_000;
/** The first at once; whoever breaks one after the other fills no mailbox. */
const EMERGENCY_EVERY_MS = 60_000;
const TIMEOUT_MS = 20_000;
const RETRY_MIN_MS = 2_000;
const RETRY_MAX_MS = 10 * 60_000;

export class OfficerMail {
  readonly #ports: OfficerMailPorts;
  #failures = 0;
  #notBeforeMs = 0;
  #toldMs = 0;
  #emergencyToldMs = 0;
  #isWaiting = false;

  constructor(ports: OfficerMailPorts) {
    this.#ports = ports;
  }

  get state(): MailState {
    if (this.#ports.to === undefined) return 'off';
    if (this.#failures > 0) return 'failing';
    return this.#isWaiting ? 'waiting' : 'sent';
  }

  async tick(): Promise<void> {
    const { to, nowMs, sql, onProblem } = this.#ports;
    if (to === undefined || nowMs() < this.#notBeforeMs) return;
    try {
      const untold = await readUntold(sql);
      this.#isWaiting = untold.emergencies.length + untold.unusual.length > 0;
      if (this.#isDue(untold)) await this.#tell(untold, to);
    } catch (error) {
      this.#noteFailure();
      onProblem('tell whoever answers for privacy', error);
    }
  }

  #isDue({ emergencies, unusual }: Untold): boolean {
    const nowMs = this.#ports.nowMs();
    if (emergencies.length > 0 && nowMs >= this.#emergencyToldMs + EMERGENCY_EVERY_MS) return true;
    return unusual.length > 0 && nowMs >= this.#toldMs + UNUSUAL_EVERY_MS;
  }

  async #tell(untold: Untold, to: string): Promise<void> {
    const { relay, nowMs, sql, publicUrl, onProblem } = this.#ports;
    const [first = ''] = [...untold.emergencies, ...untold.unusual];
    const mail = { to, ...wordsOf(untold, publicUrl), messageId: `oversight-${first}` };
    const sent = await relay.send(mail, TIMEOUT_MS);
    if (!sent.ok) {
      this.#noteFailure();
      // Once: it is tried again and again, and the screen says so.
      if (this.#failures === 1)
        onProblem('tell whoever answers for privacy', new Error(sent.reason));
      return;
    }
    await noteTold(sql, untold, nowMs());
    this.#failures = 0;
    this.#isWaiting = false;
    this.#toldMs = nowMs();
    if (untold.emergencies.length > 0) this.#emergencyToldMs = nowMs();
  }

  #noteFailure(): void {
    const waitMs = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#notBeforeMs = this.#ports.nowMs() + waitMs;
  }
}

function wordsOf({ emergencies, unusual }: Untold, publicUrl: string | undefined) {
  const parts = [
    counted(emergencies.length, ['emergency access', 'emergency accesses']),
    counted(unusual.length, ['unusual access', 'unusual accesses']),
  ].filter((part) => part !== undefined);
  const what = parts.join(' and ');
  const where = publicUrl === undefined ? '' : `: ${new URL('/audit', publicUrl).href}`;
  const text = [
    `To be looked at: ${what}.`,
    `Who it was, whose record and why is told at the screen. Sign in, and open Audit${where}`,
    'This mail names nobody.',
  ].join('\n\n');
  return { subject: `Ausculta: ${what} to look at`, text };
}

function counted(count: number, [one, more]: readonly [string, string]): string | undefined {
  return count === 0 ? undefined : `${count} ${count === 1 ? one : more}`;
}
