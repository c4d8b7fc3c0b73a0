/**
 * Erase a subject: its key is destroyed, which is the erasure; then memory forgets it, and the rows,
 * which nothing opens any more, are taken out of the database. The list of destroyed keys says what
 * is to be done: after a crash, or after a backup was restored, the rest is done again.
 */
import { type ErasureOrder, ErasureReceipt, type ErasureState } from '@ausculta/contract/erasure';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Sql } from '../database/pool.ts';
import { partitionOf } from '../devices/partition.ts';
import type { RegisteredSubject, Registry } from '../devices/registry.ts';
import { appendAudit } from '../vault/audit.ts';
import { KEY_BACKUPS_KEPT_MS } from '../vault/key-backups.ts';
import type { Shredded } from '../vault/shred-list.ts';
import { PARKED_KEPT_MS, type Vault } from '../vault/vault.ts';
import {
  deleteDocuments,
  deleteExports,
  deleteWriteBack,
  emptySubscriptionEvents,
} from './document-store.ts';
import type { Actor, LegalHolds } from './holds.ts';
import { isFinal, receiptOf, signReceipt } from './receipt.ts';
import * as store from './store.ts';

/** Whoever waits for the receipt waits this long for the rows to go as well. */
const ROWS_WITHIN_MS = 500;

const DAY_MS = 24 * 3_600_000;

/** While the database is away the rows wait, unreadable. */
const RETRY_MS = 5_000;

export interface ErasurePorts {
  readonly sql: Sql;
  readonly vault: Vault;
  readonly registry: Registry;
  readonly holds: LegalHolds;
  /** What is in memory goes at once; resolves when nothing of it is on its way to the database. */
  readonly forget: (subjectId: SubjectId) => Promise<void>;
  readonly logKeptMs: number;
  readonly nowMs: () => number;
  readonly after: (delayMs: number, run: () => void) => void;
  readonly onProblem: (what: string, error: unknown) => void;
}

export class Erasure {
  readonly #ports: ErasurePorts;
  /** Whose rows may still be in the database. */
  readonly #unswept = new Set<string>();
  /** Of late: whose number an old message may still name. */
  #erased: ErasureReceipt[] = [];
  #sweeping: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(ports: ErasurePorts) {
    this.#ports = ports;
    // Whatever a restored database has brought back goes again, and so does what a crash left.
    for (const { receipt } of ports.vault.allShredded()) {
      const parsed = parseReceipt(receipt);
      this.#erased.push(parsed);
      void this.#sweepSoon(parsed);
    }
  }

  /** Synchronous up to the destroyed key: a hold that comes later finds nobody to hold. */
  async erase(
    who: Actor,
    subject: RegisteredSubject,
    { recordNumber, stopMonitoring }: ErasureOrder,
  ): Promise<Result<ErasureState>> {
    const { vault, registry, holds, nowMs } = this.#ports;
    const { id, organisationId } = subject;
    if (recordNumber !== subject.identity.recordNumber) {
      return fail('PAYLOAD_MALFORMED', 'recordNumber: not the one of this subject');
    }
    const reasons = holds.of(id).map(({ reason }) => reason);
    if (reasons.length > 0) return fail('LEGAL_HOLD', reasons.join(' · '));
    // What is on its way between two records needs both keys until it has arrived.
    if (registry.moves.concerns(id)) return fail('READINGS_MOVING');
    const erasedMs = nowMs();
    const worn = registry.devicesOf(id, erasedMs).map((device) => device.id);
    if (worn.length > 0 && !stopMonitoring) return fail('SUBJECT_MONITORED', worn.join(', '));
    if (!vault.clearCopies(id)) return fail('KEY_COPY_UNREACHABLE');
    const requestedBy = who.accountId ?? null;
    const lives = {
      logKeptMs: this.#ports.logKeptMs,
      parkedKeptMs: PARKED_KEPT_MS,
      keyBackupsKeptMs: KEY_BACKUPS_KEPT_MS,
      hasLegacy: vault.legacy !== undefined,
      movedInMs: registry.moves.arrivedMs.get(id),
    };
    const recordNumberToken = vault.erasedToken(organisationId, recordNumber, erasedMs);
    const what = { organisationId, subjectId: id, requestedBy, recordNumberToken };
    const receipt = receiptOf(what, lives, erasedMs);
    const signed = signReceipt(receipt, vault.signingKey().secret);
    vault.shred(id, { atMs: erasedMs, receipt: signed });
    this.#erased.push(receipt);
    const devicesUnassigned = registry.forget(id, erasedMs);
    const forgotten = this.#ports.forget(id);
    const swept = this.#sweepSoon(receipt, forgotten);
    // Rows that the old master key opens are unreadable only once they are gone.
    await (lives.hasLegacy ? swept : this.#atMost(ROWS_WITHIN_MS, swept));
    return ok(this.#viewOf({ receipt: signed }, devicesUnassigned));
  }

  /** The receipt of a subject of the organisation; undefined when it was not erased here. */
  of(who: Actor, subjectId: string): ErasureState | undefined {
    const shredded = this.#ports.vault.shredded(subjectId);
    if (shredded === undefined) return undefined;
    const { organisationId } = parseReceipt(shredded.receipt);
    return organisationId === who.organisationId ? this.#viewOf(shredded, []) : undefined;
  }

  /** When somebody with this number was erased last, as far as that is still known. */
  lastOf(organisationId: string, recordNumber: string): number | undefined {
    const { vault, nowMs } = this.#ports;
    const knownFromMs = nowMs() - PARKED_KEPT_MS - DAY_MS;
    this.#erased = this.#erased.filter((one) => erasedMsOf(one) > knownFromMs);
    const times = this.#erased.flatMap((one) => {
      const atMs = erasedMsOf(one);
      const isOurs = one.organisationId === organisationId && one.recordNumberToken !== undefined;
      const token = isOurs && vault.erasedTokenAgain(organisationId, recordNumber, atMs);
      return token !== undefined && token === one.recordNumberToken ? [atMs] : [];
    });
    return times.length === 0 ? undefined : Math.max(...times);
  }

  #viewOf({ receipt: { signed, signature } }: Pick<Shredded, 'receipt'>, devices: string[]) {
    const { vault, nowMs, logKeptMs } = this.#ports;
    const receipt = parseReceipt({ signed, signature });
    const facts = {
      ...{ nowMs: nowMs(), oldestBackupMs: vault.oldestBackupMs() },
      ...{ logKeptMs, parkedKeptMs: PARKED_KEPT_MS },
    };
    const der = vault.signingKey().public.export({ format: 'der', type: 'spki' });
    return {
      stage: isFinal(receipt, facts) ? ('final' as const) : ('unreadable-here' as const),
      rowsRemoved: !this.#unswept.has(receipt.subjectId),
      devicesUnassigned: devices,
      receipt,
      signed,
      signature,
      publicKey: Buffer.from(der).toString('base64'),
    };
  }

  /** One subject after the other, each until it succeeds. */
  #sweepSoon(receipt: ErasureReceipt, forgotten: Promise<void> = Promise.resolve()): Promise<void> {
    this.#unswept.add(receipt.subjectId);
    // It may fail long before its turn comes: then it is told, and done again.
    forgotten.catch(() => undefined);
    this.#sweeping = this.#sweeping.then(() => this.#sweep(receipt, forgotten));
    return this.#sweeping;
  }

  async #sweep(receipt: ErasureReceipt, begun: Promise<void>): Promise<void> {
    let forget = (): Promise<void> => begun;
    while (!this.#closed) {
      try {
        await forget();
        await this.#sweepOnce(receipt);
        this.#unswept.delete(receipt.subjectId);
        return;
      } catch (error) {
        this.#ports.onProblem('remove the rows of an erased subject', error);
        await new Promise<void>((resolve) => this.#ports.after(RETRY_MS, resolve));
        forget = () => this.#ports.forget(receipt.subjectId as SubjectId);
      }
    }
  }

  /**
   * By a server that has been replaced as well: whose key is destroyed is erased, and the row that says so
   * is how the other one learns of it, at its next start.
   */
  async #sweepOnce(receipt: ErasureReceipt): Promise<void> {
    const { sql, vault } = this.#ports;
    const { subjectId, requestedBy } = receipt;
    const organisationId = receipt.organisationId as RegisteredSubject['organisationId'];
    const shredded = vault.shredded(subjectId) as Shredded;
    await sql.begin(async (tx) => {
      await store.deleteIndexRows(tx, subjectId);
      await deleteDocuments(tx, subjectId);
      await deleteExports(tx, organisationId);
      await emptySubscriptionEvents(tx, subjectId);
      const recipients = await deleteWriteBack(tx, subjectId);
      const isNew = await store.insertErasure(tx, {
        organisation_id: organisationId,
        subject_id: subjectId as SubjectId,
        erased_ms: shredded.atMs,
        ...shredded.receipt,
      });
      if (!isNew) return;
      const act = { organisationId, actor: requestedBy ?? undefined, atMs: shredded.atMs };
      await appendAudit(tx, { ...act, act: 'subject-erased', target: `subject/${subjectId}` });
      // What was sent there is theirs to erase, and somebody has to tell them (safety S29).
      for (const name of recipients)
        await appendAudit(tx, { ...act, act: 'erasure-owed-by', target: `destination/${name}` });
    });
    const partition = partitionOf(organisationId, subjectId as SubjectId);
    while (!this.#closed) {
      const isMore = await store.deleteSealedRows(sql, { id: subjectId, partition });
      if (!isMore) return;
    }
  }

  async #atMost(withinMs: number, done: Promise<void>): Promise<void> {
    const patience = new Promise<void>((resolve) => this.#ports.after(withinMs, resolve));
    await Promise.race([done, patience]);
  }

  /** What is left goes at the next start. */
  close(): void {
    this.#closed = true;
  }
}

function erasedMsOf({ unreadableHereAt }: ErasureReceipt): number {
  return Date.parse(unreadableHereAt);
}

/** Our own words, as they were signed. */
function parseReceipt({ signed }: Shredded['receipt']): ErasureReceipt {
  return ErasureReceipt.parse(JSON.parse(signed));
}
