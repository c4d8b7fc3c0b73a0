/**
 * The server verifies its own audit: soon after it was started, and then once a day. It takes a tenth of its time
 * for it, so that whoever measures or watches does not feel it, and holds no transaction while it rests. What it finds is told until the next time.
 */
import type { Sql } from '../database/pool.ts';
import type { Outside } from '../outside.ts';
import type { SigningKey } from '../vault/receipt-proof.ts';
import { checkAudit } from './audit-check.ts';
import { headsLength } from './heads-file.ts';
import type { Found } from './tree-check.ts';

const SOON_MS = 5_000;
const DAILY_MS = 24 * 3_600_000;
/** Of each organisation, so many are named. */
const NAMED_MAX = 20;
/** So much of the time it works, of ten. */
const REST_FACTOR = 9;
const REST_MAX_MS = 10_000;

export interface VerificationPorts
  extends Pick<Outside, 'after' | 'every' | 'nowMs' | 'onProblem'> {
  readonly sql: Sql;
  readonly key: Pick<SigningKey, 'public'>;
  readonly headsPath: string;
}

export interface Verified {
  readonly atMs: number;
  readonly tookMs: number;
  /** That have their place. */
  readonly entries: number;
  readonly faults: number;
  readonly found: readonly Found[];
}

interface Last extends Omit<Verified, 'faults' | 'found' | 'entries'> {
  readonly sizes: ReadonlyMap<string, number>;
  readonly byOrganisation: ReadonlyMap<string, readonly Found[]>;
  readonly counts: ReadonlyMap<string, number>;
}

export class AuditVerification implements Disposable {
  readonly #ports: VerificationPorts;
  readonly #stops: (() => void)[];
  #last: Last | undefined;
  #isUnderWay = false;
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(ports: VerificationPorts) {
    this.#ports = ports;
    const run = () => void this.run();
    this.#stops = [ports.after(SOON_MS, run), ports.every(DAILY_MS, run)];
  }

  /** Undefined: not yet. What is of no organisation that can be told is told to all. */
  of(organisationId: string): Verified | undefined {
    if (this.#last === undefined) return undefined;
    const { atMs, tookMs, byOrganisation, counts, sizes } = this.#last;
    const told = [organisationId, ''];
    const found = told.flatMap((id) => byOrganisation.get(id) ?? []);
    const faults = told.reduce((sum, id) => sum + (counts.get(id) ?? 0), 0);
    return { atMs, tookMs, entries: sizes.get(organisationId) ?? 0, faults, found };
  }

  async run(): Promise<void> {
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    try {
      this.#last = await this.#verify();
    } catch (error) {
      if (!this.#isOver) this.#ports.onProblem('verify the audit', error);
    } finally {
      this.#isUnderWay = false;
    }
  }

  async #verify(): Promise<Last> {
    const { sql, key, headsPath: path, nowMs } = this.#ports;
    const begunMs = nowMs();
    const byOrganisation = new Map<string, Found[]>();
    const counts = new Map<string, number>();
    const sizes = new Map<string, number>();
    const onSize = (organisationId: string, placed: number) =>
      void sizes.set(organisationId, placed);
    const onFound = (found: Found): void => {
      const { organisationId } = found;
      counts.set(organisationId, (counts.get(organisationId) ?? 0) + 1);
      const named = byOrganisation.get(organisationId) ?? [];
      if (named.length < NAMED_MAX) byOrganisation.set(organisationId, [...named, found]);
    };
    // Its length comes first: what the file has by then, the database has as well.
    const headsFile = { path, length: await headsLength(path) };
    const told = { onFound, onSize, onProgress: () => undefined };
    await checkAudit({ sql, key, headsFile, ...told, rest: this.#resting() });
    return { atMs: nowMs(), tookMs: nowMs() - begunMs, byOrganisation, counts, sizes };
  }

  /** After a piece of work, nine times as long as it took. */
  #resting(): () => Promise<void> {
    const { after, nowMs } = this.#ports;
    let sinceMs = nowMs();
    return async () => {
      const workedMs = nowMs() - sinceMs;
      if (workedMs > 0 && !this.#isOver)
        await new Promise<void>((resolve) => {
          // A clock that was set forward meanwhile is no work.
          const stop = after(Math.min(workedMs * REST_FACTOR, REST_MAX_MS), resolve);
          this.#wake = () => {
            stop();
            resolve();
          };
        });
      if (this.#isOver) throw new Error('the server stops');
      sinceMs = nowMs();
    };
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    for (const stop of this.#stops) stop();
    this.#wake?.();
  }
}
