/**
 * `ausculta import FILE`: puts what was exported elsewhere beside what is here, all of it or nothing.
 * Ids are kept; a row that is here already stays as it is, so that a second import changes nothing.
 */
import { resolve } from 'node:path';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { migrationNames } from '../database/migrate.ts';
import type { Transaction } from '../database/pool.ts';
import { errorCode, StartProblem } from '../database/start-problem.ts';
import { partitionOf } from '../devices/partition.ts';
import { DocNames } from '../fhir/doc-names.ts';
import { NOT_INDEXED } from '../fhir/index-entries.ts';
import { PARTITIONS } from '../line/entry.ts';
import { readSealedDatabase } from '../sealed-database.ts';
import { openVault } from '../vault/open-vault.ts';
import type { Vault } from '../vault/vault.ts';
import { type MoveGiven, readPassphrase } from './export.ts';
import { type ExportRecord, readExport } from './export-file.ts';
import { type CommandPorts, type Ground, openGround } from './ground.ts';
import { unusable } from './manifest.ts';
import {
  insertMoved,
  type JsonRow,
  keepSeriesIds,
  nextSeriesId,
  organisationIds,
  ownerOfDevice,
  passGenerations,
  seriesIdOf,
} from './move-store.ts';
import { MOVED_TABLES } from './moved-tables.ts';
import { SEALED_KINDS, sealOfRow } from './sealed-tables.ts';

const ROWS_AT_ONCE = 100;

export async function importAll(ports: CommandPorts, given: MoveGiven): Promise<number> {
  const { asJson, writeOut } = ports;
  const path = resolve(given.words[0] ?? '');
  const passphrase = await readPassphrase(given.passphraseFile);
  await using file = await readExport(path, passphrase);
  await expectSameSchema(file.header.migrations, file.header.madeBy);
  await using ground = await openGround(ports);
  expectStopped(ground);
  using vault = await openOwnVault(ground, ports);
  const outcome = await ground.pools.line
    .begin(async (tx) => {
      const [organisationId, another] = await organisationIds(tx);
      if (organisationId === undefined || another !== undefined) {
        throw unusable(
          'An import goes into one organisation. Start the server here once, so that there is one.',
        );
      }
      const importing = new Importing({ tx, vault, organisationId });
      for await (const record of file.records) {
        await importing.take(record);
        ports.progress(`${importing.records} records read`);
      }
      return await importing.end();
    })
    .catch((error: unknown) => {
      throw errorCode(error) === '23P01' ? wornHere(error) : error;
    });
  if (asJson) writeOut(JSON.stringify({ imported: outcome }));
  else {
    const { records, added, erased } = outcome;
    writeOut(`Read ${records} records: ${added} are new here, the others were here already.`);
    if (erased > 0) writeOut(`${erased} are of subjects that were erased here, and stay out.`);
    writeOut('Run ausculta verify, then start the server.');
  }
  return 0;
}

async function expectSameSchema(migrations: readonly string[], madeBy: string): Promise<void> {
  const known = await migrationNames();
  if (known.join() === migrations.join()) return;
  throw new StartProblem(
    'SCHEMA_NEWER',
    `The export was made by Ausculta ${madeBy}, whose tables are not those of this version. Bring both installations to one version, then export again.`,
  );
}

function expectStopped({ isServerRunning, dataDirectory }: Ground): void {
  if (!isServerRunning) return;
  throw new StartProblem(
    'DATA_DIRECTORY_IN_USE',
    `A server is using ${dataDirectory.path}, and would not know of what is imported beneath it. Stop it first.`,
  );
}

async function openOwnVault(ground: Ground, { config, outside }: CommandPorts): Promise<Vault> {
  return await openVault({
    dataDirectory: ground.dataDirectory,
    masterKey: config.masterKey,
    keyStoreDir: config.keyStoreDir,
    keyReplicaDir: config.keyReplicaDir,
    onProblem: (what) => {
      throw new StartProblem(
        'KEY_STORE_UNUSABLE',
        `Could not ${what} (${config.keyReplicaDir}). Bring its disk back, or leave AUSCULTA_KEY_REPLICA_DIR unset for this import.`,
      );
    },
    randomBytes: outside.randomBytes,
    database: await readSealedDatabase(ground.pools.line),
  });
}

function wornHere(cause: unknown): StartProblem {
  return unusable(
    'A device of the export is worn by somebody else here at the same time. Take it off here, then import again: nothing was changed.',
    cause,
  );
}

interface ImportPorts {
  readonly tx: Transaction;
  readonly vault: Vault;
  readonly organisationId: OrganisationId;
}

class Importing {
  readonly #ports: ImportPorts;
  /** Where an id of the export is taken here: its new one. */
  readonly #series = new Map<number, number>();
  readonly #docNames = new DocNames();
  #isAllKept = true;
  #table = '';
  #waiting: JsonRow[] = [];
  records = 0;
  #added = 0;
  #erased = 0;

  constructor(ports: ImportPorts) {
    this.#ports = ports;
  }

  async take({ table, row, clear }: ExportRecord): Promise<void> {
    if (!MOVED_TABLES.some((known) => known.table === table)) {
      throw unusable(
        `The export has rows of ${table}, which do not move. It is damaged: export again.`,
      );
    }
    this.records += 1;
    if (table !== this.#table || this.#waiting.length >= ROWS_AT_ONCE) await this.#flush();
    this.#table = table;
    const subject = subjectOf(table, row);
    if (subject !== undefined && this.#ports.vault.isShredded(subject)) {
      this.#erased += 1;
      // Who did what to whom stays; what was said of it does not come back.
      if (table === 'audit_leaf') this.#waiting.push(this.#place(row, subject));
      return;
    }
    // Its states name series by their ids: with other ids here, detectors begin anew.
    if (table === 'detector_state' && !this.#isAllKept) return;
    if (table === 'device') await this.#expectOwn(row);
    const placed = await this.#indexLater(table, this.#place(row, subject));
    if (table === 'subject' && subject !== undefined) this.#ports.vault.keep([subject]);
    if (table === 'series') await this.#addSeries(placed);
    else this.#waiting.push(this.#sealed(table, placed, clear));
  }

  #place(row: JsonRow, subject: SubjectId | undefined): JsonRow {
    const { organisationId } = this.#ports;
    const seriesId = row['series_id'];
    return {
      ...row,
      organisation_id: organisationId,
      ...(row['partition'] !== undefined &&
        subject !== undefined && { partition: partitionOf(organisationId, subject) }),
      ...(typeof seriesId === 'number' && { series_id: this.#series.get(seriesId) ?? seriesId }),
    };
  }

  /** With its own key the server here makes the index anew when it starts. */
  async #indexLater(table: string, row: JsonRow): Promise<JsonRow> {
    if (table !== 'fhir_document') return row;
    const [doc] = await this.#docNames.take(this.#ports.tx, 1);
    return { ...row, doc, tokens: [], indexed: NOT_INDEXED };
  }

  #sealed(table: string, row: JsonRow, clear: Uint8Array | undefined): JsonRow {
    const kind = SEALED_KINDS.find((known) => known.table === table);
    if (kind === undefined || clear === undefined) return row;
    const seal = sealOfRow(this.#ports.vault, kind, row);
    if (seal === undefined)
      throw unusable('The export has rows of a subject that is not in it. Export again.');
    const sealed = seal.seal(clear, kind.contextOf(row));
    const bytes = table === 'chunk' ? { bytes: sealed.length } : {};
    return { ...row, ...bytes, [kind.sealed]: `\\x${Buffer.from(sealed).toString('hex')}` };
  }

  async #expectOwn(row: JsonRow): Promise<void> {
    const { tx, organisationId } = this.#ports;
    const owner = await ownerOfDevice(tx, String(row['id']));
    if (owner === undefined || owner === organisationId) return;
    throw unusable(
      'A device of the export has the id of a device of another organisation here. Rename it there.',
    );
  }

  async #addSeries(row: JsonRow): Promise<void> {
    const { tx } = this.#ports;
    this.#added += await insertMoved(tx, 'series', [row]);
    await keepSeriesIds(tx);
    const wanted = Number(row['id']);
    let id = await seriesIdOf(tx, row);
    if (id === undefined) {
      this.#added += await insertMoved(tx, 'series', [{ ...row, id: await nextSeriesId(tx) }]);
      id = await seriesIdOf(tx, row);
    }
    if (id === undefined || id === wanted) return;
    this.#isAllKept = false;
    this.#series.set(wanted, id);
  }

  async #flush(): Promise<void> {
    const rows = this.#waiting;
    this.#waiting = [];
    if (rows.length > 0) this.#added += await insertMoved(this.#ports.tx, this.#table, rows);
  }

  async end(): Promise<{ records: number; added: number; erased: number }> {
    await this.#flush();
    await passGenerations(this.#ports.tx, PARTITIONS);
    return { records: this.records, added: this.#added, erased: this.#erased };
  }
}

function subjectOf(table: string, row: JsonRow): SubjectId | undefined {
  const own = table === 'subject' ? row['id'] : row['subject_id'];
  if (typeof own === 'string') return own as SubjectId;
  const target = /^subject\/(.+)$/.exec(String(row['target'] ?? ''))?.[1];
  return target as SubjectId | undefined;
}
