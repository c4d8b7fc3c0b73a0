/**
 * Tells whoever answers for privacy by mail: of an emergency access at once and then once
 * a minute, of unusual access once an hour. How many, and no more; what could not be sent is sent later, also after a restart.
 */
import type { MailState } from '@ausculta/contract/oversight';
import type { Sql } from '../database/pool.ts';
import type { MailRelay } from '../subscriptions/mail-relay.ts';
import { isMailDue, NO_MAIL_YET } from './mail-times.ts';
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

const TIMEOUT_MS = 20_000;

export class OfficerMail {
  readonly #ports: OfficerMailPorts;
  #times = NO_MAIL_YET;
  #isWaiting = false;

  constructor(ports: OfficerMailPorts) {
    this.#ports = ports;
  }

  get state(): MailState {
    if (this.#ports.to === undefined) return 'off';
    if (this.#times.failures > 0) return 'failing';
    return this.#isWaiting ? 'waiting' : 'sent';
  }

  async tick(): Promise<void> {
    const { to, nowMs, sql, onProblem } = this.#ports;
    if (to === undefined) return;
    try {
      const untold = await readUntold(sql);
      this.#isWaiting = untold.emergencies.length + untold.unusual.length > 0;
      if (isMailDue(this.#times, untold, nowMs())) await this.#tell(untold, to);
    } catch (error) {
      this.#noteFailure();
      onProblem('tell whoever answers for privacy', error);
    }
  }

  async #tell(untold: Untold, to: string): Promise<void> {
    const { relay, nowMs, sql, publicUrl, onProblem } = this.#ports;
    const [first = ''] = [...untold.emergencies, ...untold.unusual];
    const mail = { to, ...wordsOf(untold, publicUrl), messageId: `oversight-${first}` };
    const sent = await relay.send(mail, TIMEOUT_MS);
    if (!sent.ok) {
      this.#noteFailure();
      // Once: it is tried again and again, and the screen says so.
      if (this.#times.failures === 1)
        onProblem('tell whoever answers for privacy', new Error(sent.reason));
      return;
    }
    await noteTold(sql, untold, nowMs());
    const toldMs = nowMs();
    const isOfEmergency = untold.emergencies.length > 0;
    const emergencyToldMs = isOfEmergency ? toldMs : this.#times.emergencyToldMs;
    this.#times = { ...NO_MAIL_YET, toldMs, emergencyToldMs };
    this.#isWaiting = false;
  }

  #noteFailure(): void {
    const failures = this.#times.failures + 1;
    this.#times = { ...this.#times, failures, failedMs: this.#ports.nowMs() };
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
