/** The receipt of an erasure: what is unreadable from now on, and when the last copy ends. */
import { type KeyObject, sign } from 'node:crypto';
import type { ErasureReceipt } from '@ausculta/contract/erasure';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** An hour's table is dropped after its last minute's time, at the next flush; backups go at a tidying. */
const SLACK_MS = 2 * HOUR_MS;

export interface CopyLives {
  /** What was parked before anybody knew whose it is, under keys of its days. */
  readonly parkedKeptMs: number;
  /** The log keeps what came in for so long, for replay after a restore. */
  readonly logKeptMs: number;
  readonly keyBackupsKeptMs: number;
  /** Rows from before subjects had keys: their old backups open with the old master key. */
  readonly hasLegacy: boolean;
  /** When readings came here last from another record: older backups hold them under its key. */
  readonly movedInMs: number | undefined;
}

export function receiptOf(
  what: Pick<ErasureReceipt, 'organisationId' | 'subjectId' | 'requestedBy' | 'recordNumberToken'>,
  lives: CopyLives,
  nowMs: number,
): ErasureReceipt {
  const { logKeptMs, parkedKeptMs, keyBackupsKeptMs, hasLegacy, movedInMs } = lives;
  const keyMs = nowMs + keyBackupsKeptMs + SLACK_MS;
  const logMs = nowMs + logKeptMs + SLACK_MS;
  const logKeyMs = logMs + keyBackupsKeptMs;
  // The key of a day goes when the last hour of it has had its time.
  const parkedMs = nowMs + parkedKeptMs + DAY_MS + SLACK_MS;
  const parkedKeyMs = parkedMs + keyBackupsKeptMs;
  const copies: ErasureReceipt['copies'] = [
    { what: 'the key of the subject, in backups of the key store', until: dayAfter(keyMs) },
    { what: 'the log that is kept for replay, under keys of its hours', until: dayAfter(logMs) },
    { what: 'keys of those hours, in backups of the key store', until: dayAfter(logKeyMs) },
    {
      what: 'messages that were parked because nobody knew whose they are, under keys of their days',
      until: dayAfter(parkedMs),
    },
    {
      what: 'a token of the record number, by which an old message about it is known, under the key of its day',
      until: dayAfter(parkedMs),
    },
    { what: 'keys of those days, in backups of the key store', until: dayAfter(parkedKeyMs) },
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
    finalOn:
      hasLegacy || movedInMs !== undefined ? null : dayAfter(Math.max(logKeyMs, parkedKeyMs)),
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
  facts: {
    readonly nowMs: number;
    readonly oldestBackupMs: number | undefined;
    readonly logKeptMs: number;
    readonly parkedKeptMs: number;
  },
): boolean {
  if (receipt.finalOn === null || facts.nowMs < Date.parse(receipt.finalOn)) return false;
  const livesMs = Math.max(facts.logKeptMs, facts.parkedKeptMs + DAY_MS);
  const lastKeyMs = Date.parse(receipt.unreadableHereAt) + livesMs + SLACK_MS;
  return facts.oldestBackupMs === undefined || facts.oldestBackupMs > lastKeyMs;
}
