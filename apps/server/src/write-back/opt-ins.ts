/** Of whom summaries go where: in memory, written through to the database. */
import { type LocalDays, localDays } from '@ausculta/fhir/local-day';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { InLane, Sql, Transaction } from '../database/pool.ts';
import { type AuditAct, appendAudit } from '../vault/audit.ts';
import type { SubjectKeys } from '../vault/vault.ts';
import type { Destination } from './settings.ts';
import * as store from './store.ts';

export interface OptIn {
  readonly organisationId: OrganisationId;
  readonly subjectId: SubjectId;
  readonly destination: Destination;
  readonly state: store.PatientState;
  readonly reason: string | undefined;
  readonly lookedMs: number | undefined;
  readonly days: LocalDays;
  /** The first day that is sent. */
  readonly from: string;
  /** As the other record refers to the patient, or did last; undefined until it is known. */
  readonly patient: string | undefined;
}

/** What nobody but the patient's key opens. */
interface Kept {
  readonly zone: string;
  readonly from: string;
  readonly patient?: string;
}

export interface OptInPorts {
  readonly sql: Sql;
  readonly inLane: InLane;
  readonly keys: Pick<SubjectKeys, 'sealOf' | 'isShredded'>;
  readonly destinations: readonly Destination[];
  readonly nowMs: () => number;
  readonly onProblem: (what: string, error: unknown) => void;
}

/** Who decided so. */
export interface Decision {
  readonly what: Extract<AuditAct, 'write-back-begun' | 'write-back-ended'>;
  readonly accountId: string | undefined;
}

/** What is written with an opt-in, in the same transaction. */
interface Beside {
  readonly decision?: Decision;
  readonly beside?: (tx: Transaction) => Promise<void>;
}

export const optInContext = (subjectId: string, destination: string): string =>
  `write-back/${subjectId}/${destination}`;

const UNMATCHED_AGAIN_MS = 3_600_000;
/** A server that stumbled over the search for one patient may do better soon. */
const NOT_ANSWERED_AGAIN_MS = 15 * 60_000;

export function unmatchedLastsMs({ reason }: OptIn): number {
  const isOfTheSearch = reason === 'not-answered-there' || reason === 'not-permitted-there';
  return isOfTheSearch ? NOT_ANSWERED_AGAIN_MS : UNMATCHED_AGAIN_MS;
}

export class OptIns {
  readonly #ports: OptInPorts;
  readonly #ofSubject = new Map<SubjectId, readonly OptIn[]>();
  #turn: Promise<unknown> = Promise.resolve();

  static async open(ports: OptInPorts): Promise<OptIns> {
    const optIns = new OptIns(ports);
    for (const row of await store.readPatients(ports.sql)) optIns.#add(row);
    return optIns;
  }

  private constructor(ports: OptInPorts) {
    this.#ports = ports;
  }

  get isEmpty(): boolean {
    return this.#ofSubject.size === 0;
  }

  ofSubject(subjectId: SubjectId): readonly OptIn[] {
    return this.#ofSubject.get(subjectId) ?? [];
  }

  get(subjectId: SubjectId, destination: string): OptIn | undefined {
    return this.ofSubject(subjectId).find((one) => one.destination.name === destination);
  }

  *of(destination: string): Iterable<OptIn> {
    for (const own of this.#ofSubject.values())
      for (const one of own) if (one.destination.name === destination) yield one;
  }

  /**
   * One change after the other, each of the opt-in as it is when its turn comes: what another server has
   * answered meanwhile undoes nothing that somebody has decided. Answers what was written, if anything was.
   */
  change(
    of: { readonly subjectId: SubjectId; readonly destination: string },
    next: (now: OptIn | undefined) => OptIn | undefined,
    also: Beside = {},
  ): Promise<OptIn | undefined> {
    const turn = this.#turn.then(async () => {
      const optIn = next(this.get(of.subjectId, of.destination));
      return optIn !== undefined && (await this.#write(optIn, also)) ? optIn : undefined;
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** False once the patient's key is destroyed. */
  async #write(optIn: OptIn, { decision, beside }: Beside): Promise<boolean> {
    const { inLane, keys, nowMs } = this.#ports;
    const { organisationId, subjectId, destination, days, from, patient } = optIn;
    const seal = keys.sealOf(subjectId);
    if (seal === undefined) return false;
    const kept: Kept = { zone: days.zone, from, ...(patient !== undefined && { patient }) };
    const clear = new TextEncoder().encode(JSON.stringify(kept));
    const atMs = nowMs();
    await inLane(async (tx) => {
      await store.writePatient(tx, {
        organisation_id: organisationId,
        subject_id: subjectId,
        destination: destination.name,
        state: optIn.state,
        reason: optIn.reason ?? null,
        looked_ms: optIn.lookedMs ?? null,
        changed_ms: atMs,
        sealed: seal.seal(clear, optInContext(subjectId, destination.name)),
      });
      await beside?.(tx);
      if (decision === undefined) return;
      const { what, accountId } = decision;
      await appendAudit(tx, {
        ...{ organisationId, actor: accountId, act: what, target: `subject/${subjectId}`, atMs },
        detail: { seal, value: { destination: destination.name, zone: days.zone, from } },
      });
    });
    if (!keys.isShredded(subjectId)) this.#set(optIn);
    return true;
  }

  /** Resolves when nothing of the patient is on its way to the database. */
  async forget(subjectId: SubjectId): Promise<void> {
    this.#ofSubject.delete(subjectId);
    await this.#turn;
  }

  #set(optIn: OptIn): void {
    const { subjectId, destination } = optIn;
    const others = this.ofSubject(subjectId).filter((one) => one.destination !== destination);
    this.#ofSubject.set(subjectId, [...others, optIn]);
  }

  /** Of a destination that is no longer listed: nothing is sent, and it is all there if it returns. */
  #add(row: store.PatientRow): void {
    const { keys, destinations, onProblem } = this.#ports;
    const destination = destinations.find(({ name }) => name === row.destination);
    if (destination === undefined || keys.isShredded(row.subject_id)) return;
    const context = optInContext(row.subject_id, row.destination);
    const opened = keys.sealOf(row.subject_id)?.open(row.sealed, context);
    const kept = opened?.ok
      ? (JSON.parse(new TextDecoder().decode(opened.value)) as Kept)
      : undefined;
    const days = kept && localDays(kept.zone);
    if (kept === undefined || days === undefined) {
      const name = `${row.subject_id}/${row.destination}`;
      onProblem(`read write-back ${name}`, new Error('it does not open'));
      return;
    }
    this.#set({
      ...{ organisationId: row.organisation_id, subjectId: row.subject_id, destination, days },
      ...{ state: row.state, reason: row.reason ?? undefined, from: kept.from },
      ...{ lookedMs: row.looked_ms ?? undefined, patient: kept.patient },
    });
  }
}
