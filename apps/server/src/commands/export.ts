/** `ausculta export FILE`: all of an organisation's subjects, with ids and history, opened into one file. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OrganisationId } from '@ausculta/vitals/identity';
import { migrationNames } from '../database/migrate.ts';
import type { Transaction } from '../database/pool.ts';
import { errorCode } from '../database/start-problem.ts';
import { listLogTables } from '../telemetry/store.ts';
import { appendAudit } from '../vault/audit.ts';
import type { ReadingVault } from '../vault/reading-vault.ts';
import { ExportWriter } from './export-file.ts';
import { type CommandPorts, type Ground, openGround, openGroundKeys } from './ground.ts';
import { unusable } from './manifest.ts';
import {
  type MovedRow,
  type MovedTable,
  movedRowsAfter,
  organisationIds,
  readAtOneMoment,
  readProgress,
} from './move-store.ts';
import { MOVED_TABLES } from './moved-tables.ts';
import { SEALED_KINDS, sealOfRow } from './sealed-tables.ts';

const ROWS_AT_ONCE = 200;

/** A server flushes each minute; what it has in the log alone is waited for. */
const FLUSHED_WITHIN_MS = 150_000;

/** The server is another process: its progress is a row, which nothing announces. */
const ASK_EVERY_MS = 500;

export interface MoveGiven {
  readonly words: readonly string[];
  readonly passphraseFile?: string;
  readonly isClear: boolean;
}

export async function exportAll(ports: CommandPorts, given: MoveGiven): Promise<number> {
  const { outside, version, asJson, writeOut } = ports;
  const path = resolve(given.words[0] ?? '');
  const passphrase = await readPassphrase(given.passphraseFile);
  if (passphrase === undefined && !given.isClear) {
    throw unusable(
      'An export holds names and values in clear. Encrypt it with --passphrase-file FILE, or say --clear if that is meant.',
    );
  }
  await using ground = await openGround(ports);
  const vault = await openGroundKeys(ground, ports);
  await flushed(ground);
  const header = { madeBy: version, madeMs: outside.nowMs(), migrations: await migrationNames() };
  const { randomBytes } = outside;
  const writer = await ExportWriter.create(path, header, { passphrase, randomBytes });
  let unreadable = 0;
  try {
    const whose = await readAtOneMoment(ground.pools.line, async (tx) => {
      const [organisationId, another] = await organisationIds(tx);
      if (organisationId === undefined || another !== undefined) {
        throw unusable('An export is of one organisation, and here is none or more than one.');
      }
      for (const table of MOVED_TABLES) {
        unreadable += await exportTable({ tx, vault, writer, ports, organisationId }, table);
      }
      return organisationId;
    });
    // There is no such file without its entry.
    await appendAudit(ground.pools.line, {
      organisationId: whose,
      actor: undefined,
      act: 'organisation-exported',
      target: `organisation/${whose}`,
      atMs: header.madeMs,
    });
    await writer.end();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  const { records } = writer;
  if (asJson) writeOut(JSON.stringify({ exported: { path, records, unreadable } }));
  else {
    writeOut(`Exported ${records} records to ${path}.`);
    if (passphrase === undefined) {
      writeOut(
        'WARNING: names and values lie in it in clear. Only you may read it; destroy it once it is imported.',
      );
    }
    if (unreadable > 0)
      writeOut(`${unreadable} rows do not open and are not in it: ausculta verify names them.`);
  }
  return unreadable === 0 ? 0 : 1;
}

export async function readPassphrase(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw unusable(
      `${file} cannot be read (${errorCode(cause)}). Name a file that holds the passphrase.`,
      cause,
    );
  });
  const passphrase = text.replace(/\r?\n$/, '');
  if (passphrase.length >= 12) return passphrase;
  throw unusable(`The passphrase in ${file} has less than 12 characters. Take a longer one.`);
}

/** What the log alone holds is in no table that is exported. */
async function flushed({ pools, isServerRunning }: Ground): Promise<void> {
  const sql = pools.line;
  const { last } = await readProgress(sql, await listLogTables(sql));
  for (let waitedMs = 0; ; waitedMs += ASK_EVERY_MS) {
    const progress = await readProgress(sql, []);
    if (progress.flushed >= last) return;
    if (!isServerRunning) {
      throw unusable(
        'The last minute of readings lies in the log alone. Start the server and stop it in order, then export.',
      );
    }
    if (waitedMs >= FLUSHED_WITHIN_MS) {
      throw unusable('The server does not flush its log. See that it is well, then export again.');
    }
    await sleep(ASK_EVERY_MS);
  }
}

interface Exporting {
  readonly tx: Transaction;
  readonly vault: ReadingVault;
  readonly writer: ExportWriter;
  readonly ports: CommandPorts;
  readonly organisationId: OrganisationId;
}

/** How many rows did not open. */
async function exportTable(on: Exporting, table: MovedTable): Promise<number> {
  const { tx, vault, writer, ports, organisationId } = on;
  let unreadable = 0;
  let after: unknown[] | undefined;
  for (;;) {
    const rows = await movedRowsAfter(tx, table, { organisationId, after, limit: ROWS_AT_ONCE });
    for (const row of rows) {
      const opened = openRow(vault, table.table, row);
      if (opened === 'erased') continue;
      if (opened === 'unreadable') unreadable += 1;
      else await writer.write({ table: table.table, row: carried(table, row), clear: opened });
    }
    const last = rows.at(-1);
    if (last === undefined) return unreadable;
    after = table.key.map((column) => last.row[column]);
    ports.progress(`${writer.records} records written`);
  }
}

/** What a block holds is told again where it arrives, when it is merged with its neighbours; so is an index. */
function carried({ table }: MovedTable, { row }: MovedRow): MovedRow['row'] {
  if (table === 'fhir_document') return { ...row, tokens: [] };
  return table === 'chunk' ? { ...row, summary: null, closed: false } : row;
}

function openRow(
  vault: ReadingVault,
  table: string,
  { row, sealed }: MovedRow,
): Uint8Array | undefined | 'erased' | 'unreadable' {
  const subject = table === 'subject' ? row['id'] : row['subject_id'];
  if (typeof subject === 'string' && vault.isShredded(subject)) return 'erased';
  const kind = SEALED_KINDS.find((known) => known.table === table);
  if (kind === undefined || sealed === null) return undefined;
  const owner = kind.subjectOf(row);
  // Who did what to whom stays after an erasure; what was said of it is gone with the key.
  if (owner !== null && vault.isShredded(owner))
    return table === 'audit_leaf' ? undefined : 'erased';
  const opened = sealOfRow(vault, kind, row)?.open(sealed, kind.contextOf(row));
  return opened?.ok ? opened.value : 'unreadable';
}
