/** The receipt of an erasure: what is unreadable from now on, and when the last copy ends. */
import { type KeyObject, sign } from 'node:crypto';
import type { ErasureReceipt } from '@ausculta/contract/erasure';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** An hour's table is dropped after its last minute's time, at the next flush; backups go at a tidying. */
const SLACK_MS = 2 * HOUR_MS;

export interface CopyLives {
  /** The log keeps what came in for so long, for replay after a restore. */
  readonly logKeptMs: number;
  readonly keyBackupsKeptMs: number;
  /** Rows from before subjects had keys: their old backups open with the old master key. */
  readonly hasLegacy: boolean;
  /** When readings came here last from another record: older backups hold them under its key. */
  readonly movedInMs: number | undefined;
}

export function receiptOf(
  what: Pick<ErasureReceipt, 'organisationId' | 'subjectId' | 'requestedBy'>,
  lives: CopyLives,
  nowMs: number,
): ErasureReceipt {
  const { logKeptMs, keyBackupsKeptMs, hasLegacy, movedInMs } = lives;
  const keyMs = nowMs + keyBackupsKeptMs + SLACK_MS;
  const logMs = nowMs + logKeptMs + SLACK_MS;
  const logKeyMs = logMs + keyBackupsKeptMs;
  const copies: ErasureReceipt['copies'] = [
    { what: 'the key of the subject, in backups of the key store', until: dayAfter(keyMs) },
    { what: 'the log that is kept for replay, under keys of its hours', until: dayAfter(logMs) },
    { what: 'keys of those hours, in backups of the key store', until: dayAfter(logKeyMs) },
  ];
  if (hasLegacy) {
    copies.push({
      what: 'backups of the database from before subjects had keys of their own: destroy them',
      until: null,
    });
  }
  if (movedInMs !== undefined) {
    const day = new Date(movedInMs).toISOString().slice(0, 10);
    copies.push({
      what: `backups of the database from before ${day}, when readings of the subject were found in another record: destroy them`,
      until: null,
    });
  }
  return {
    version: 1,
    ...what,
    unreadableHereAt: new Date(nowMs).toISOString(),
    finalOn: hasLegacy || movedInMs !== undefined ? null : dayAfter(logKeyMs),
    copies,
  };
}

/** The first day that lies wholly behind it. */
function dayAfter(atMs: number): string {
  return new Date(atMs + DAY_MS).toISOString().slice(0, 10);
}

export function signReceipt(
  receipt: ErasureReceipt,
  secret: KeyObject,
): { signed: string; signature: string } {
  const signed = JSON.stringify(receipt);
  return { signed, signature: sign(null, Buffer.from(signed, 'utf8'), secret).toString('base64') };
}

/** The day has come, and no backup is left from the time in which a key could still be in one. */
export function isFinal(
  receipt: ErasureReceipt,
  facts: { nowMs: number; oldestBackupMs: number | undefined; logKeptMs: number },
): boolean {
  if (receipt.finalOn === null || facts.nowMs < Date.parse(receipt.finalOn)) return false;
  const lastKeyMs = Date.parse(receipt.unreadableHereAt) + facts.logKeptMs + SLACK_MS;
  return facts.oldestBackupMs === undefined || facts.oldestBackupMs > lastKeyMs;
}
