/** Exports in bulk: asked for, prepared one after the other beside everything else, fetched, let go. */
import type { OrganisationId } from '@ausculta/vitals/identity';
import { asOrganisation, type Sql } from '../../database/pool.ts';
import type { ReadAs } from '../../database/readers.ts';
import type { Caller } from '../../people/sign-in.ts';
import { appendAudit } from '../../vault/audit.ts';
import type { TypeFilter } from './export-filters.ts';
import { sealedFilters } from './export-kept-filters.ts';
import { FIRST_STEP, type PreparePorts, prepareExport } from './export-prepare.ts';
import * as store from './export-store.ts';

/** Long enough to fetch it, short enough that nobody takes it for a backup. */
const KEPT_MS = 24 * 3_600_000;
const AT_ONCE_MAX = 3;
const RETRY_MS = 5_000;

export interface ExportsPorts extends Omit<PreparePorts, 'isClosed'> {
  /** Sees all organisations. */
  readonly sql: Sql;
  readonly read: ReadAs;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly after: (delayMs: number, run: () => void) => void;
  readonly onProblem: (what: string, error: unknown) => void;
}

export type ExportAsked = Pick<
  store.ExportRow,
  'request' | 'types' | 'since_ms' | 'of_patients' | 'patients'
> & {
  readonly organisationId: OrganisationId;
  readonly actor: string | undefined;
  readonly typeFilters: readonly TypeFilter[];
};

export class Exports {
  readonly #ports: ExportsPorts;
  #isClosed = false;
  #last: Promise<void> = Promise.resolve();

  constructor(ports: ExportsPorts) {
    this.#ports = ports;
  }

  /** What was being prepared when the server stopped goes on, beside everything else. */
  resume(): void {
    const { sql, after, onProblem } = this.#ports;
    store
      .readUnready(sql)
      .then((rows) => {
        for (const row of rows) this.#queue(row);
      })
      .catch((error: unknown) => {
        if (this.#isClosed) return;
        onProblem('go on with exports', error);
        after(RETRY_MS, () => this.resume());
      });
  }

  /** Undefined: too many of the organisation are being prepared. */
  async begin(begun: ExportAsked): Promise<string | undefined> {
    const { organisationId, actor, typeFilters, ...asked } = begun;
    const { people, nowMs, newId, repository } = this.#ports;
    const id = newId();
    const atMs = nowMs();
    const filters = await sealedFilters(repository, organisationId, { id, typeFilters });
    const row = { ...asked, organisation_id: organisationId, id, ...FIRST_STEP, filters };
    const isBegun = await asOrganisation(people, organisationId, async (tx) => {
      if ((await store.countUnready(tx, organisationId)) >= AT_ONCE_MAX) return false;
      await store.insertExport(tx, { ...row, asked_ms: atMs, expires_ms: atMs + KEPT_MS });
      const target = `organisation/${organisationId}` as const;
      await appendAudit(tx, { organisationId, actor, act: 'records-exported', target, atMs });
      return true;
    });
    if (!isBegun) return undefined;
    this.#queue(row);
    return id;
  }

  /** The other way is audited in the same book. */
  async noteImport({ organisationId, accountId }: Pick<Caller, 'organisationId' | 'accountId'>) {
    const { people, nowMs } = this.#ports;
    const target = `organisation/${organisationId}` as const;
    const entry = { organisationId, actor: accountId, target, atMs: nowMs() };
    await asOrganisation(people, organisationId, (tx) =>
      appendAudit(tx, { ...entry, act: 'records-imported' }),
    );
  }

  async read(organisationId: OrganisationId, id: string): Promise<store.ExportRow | undefined> {
    const row = await this.#ports.read(organisationId, (tx) =>
      store.readExport(tx, organisationId, id),
    );
    return row !== undefined && row.expires_ms > this.#ports.nowMs() ? row : undefined;
  }

  files(organisationId: OrganisationId, id: string): ReturnType<typeof store.listFiles> {
    return this.#ports.read(organisationId, (tx) => store.listFiles(tx, organisationId, id));
  }

  file(
    organisationId: OrganisationId,
    place: { readonly exportId: string; readonly file: number },
  ): Promise<store.FileRow | undefined> {
    return this.#ports.read(organisationId, (tx) => store.readFile(tx, organisationId, place));
  }

  /** False when there is none. One that is being prepared ends at its next step. */
  async end(organisationId: OrganisationId, id: string): Promise<boolean> {
    return await asOrganisation(this.#ports.people, organisationId, (tx) =>
      store.deleteExport(tx, organisationId, id),
    );
  }

  async tidy(): Promise<void> {
    await store.deleteExpired(this.#ports.sql, this.#ports.nowMs());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
  }

  #queue(row: Pick<store.ExportRow, 'organisation_id' | 'id'>): void {
    this.#last = this.#last.then(() => this.#prepare(row));
  }

  async #prepare(row: Pick<store.ExportRow, 'organisation_id' | 'id'>): Promise<void> {
    if (this.#isClosed) return;
    const { after, onProblem } = this.#ports;
    try {
      await prepareExport(row, { ...this.#ports, isClosed: () => this.#isClosed });
    } catch (error) {
      if (this.#isClosed) return;
      onProblem('prepare an export', error);
      // Others need not wait for it.
      after(RETRY_MS, () => this.#queue(row));
    }
  }
}
