/**
 * Opens everything that is sealed and names what does not open: the answer to "is all of it there?"
 * that no count can give. It reads in small steps beside the devices' own work and changes nothing.
 */

import { isDamage } from '../database/fault.ts';
import type { Sql } from '../database/pool.ts';
import { readLogRow } from '../telemetry/postgres-log.ts';
import { listLogTables, logTableName } from '../telemetry/store.ts';
import type { ReadingVault } from '../vault/reading-vault.ts';
import type { SealedKind } from './sealed-kind.ts';
import { SEALED_KINDS, sealOfRow } from './sealed-tables.ts';
import { type SealedRow, sealedRowsAfter } from './store.ts';

export interface Unreadable {
  readonly what: string;
  /** Names the one row. */
  readonly id: string;
  /** Whose it is; null where that is not known, or nobody's. */
  readonly subject: string | null;
  readonly why: string;
}

export interface VerificationPorts {
  readonly sql: Sql;
  readonly vault: ReadingVault;
  /** Hours of the log before this have lost their keys, as they should. */
  readonly logKeptFromMs: number;
  readonly onUnreadable: (found: Unreadable) => void;
  readonly onProgress: (what: string, checked: number) => void;
}

/** Some megabytes of chunks: a short statement, and little memory. */
const ROWS_AT_ONCE = 200;

/** How many rows of each kind were opened, the erased left out. */
export async function verifyAll(ports: VerificationPorts): Promise<Record<string, number>> {
  const checked: Record<string, number> = {};
  const logTables = await listLogTables(ports.sql);
  for (const kind of [...SEALED_KINDS, ...logTables.map((table) => logKind(ports, table))]) {
    checked[kind.what] = (checked[kind.what] ?? 0) + (await verifyKind(ports, kind));
  }
  return checked;
}

async function verifyKind(ports: VerificationPorts, kind: SealedKind): Promise<number> {
  let checked = 0;
  for await (const row of rowsOf(ports, kind)) {
    const why = typeof row === 'string' ? row : await faultOf(ports, kind, row);
    if (why === ERASED) continue;
    checked += 1;
    if (checked % 1_000 === 0) ports.onProgress(kind.what, checked);
    if (why === undefined) continue;
    const isRow = typeof row !== 'string';
    const subject = isRow ? kind.subjectOf(row) : null;
    const id = isRow ? kind.nameOf(row) : kind.table;
    ports.onUnreadable({ what: kind.what, id, subject: subject || null, why });
  }
  return checked;
}

/** Its key was destroyed, as it should be: rows may be on their way out. */
const ERASED = 'erased';
const PAGE_DAMAGED = 'PostgreSQL cannot read the page that it lies on';

async function faultOf(
  ports: VerificationPorts,
  kind: SealedKind,
  row: SealedRow,
): Promise<string | undefined> {
  const first = tryRow(ports, kind, row);
  if (first === undefined || first === ERASED) return first;
  // The key may have been made, wrapped anew or destroyed since the store was read.
  await ports.vault.refresh();
  return tryRow(ports, kind, row);
}

function tryRow(
  { vault, logKeptFromMs }: VerificationPorts,
  kind: SealedKind,
  row: SealedRow,
): string | undefined {
  if (row.sealed === null) return PAGE_DAMAGED;
  const subject = kind.subjectOf(row);
  if (subject !== null && vault.isShredded(subject)) return ERASED;
  if (kind.what === LOG_ROW) {
    const seal = vault.toRead(kind.table);
    const isExpired = kind.table < logTableName(logKeptFromMs);
    if (seal === undefined) return isExpired ? ERASED : 'the key of its hour is missing';
    return logFault(row, seal);
  }
  const seal = sealOfRow(vault, kind, row);
  if (seal === undefined) return 'its key is missing';
  const opened = seal.open(row.sealed, kind.contextOf(row));
  if (!opened.ok) return opened.fault.detail ?? opened.fault.code;
  return kind.faultOf(opened.value, row);
}

const LOG_ROW = 'log row';

function logKind(_: VerificationPorts, table: string): SealedKind {
  return {
    what: LOG_ROW,
    table,
    key: ['lane', 'sequence'],
    columns: ['base_ms'],
    sealed: 'sealed',
    contextOf: () => '',
    subjectOf: () => null,
    nameOf: (row) => `${table}/${row['lane']}/${row['sequence']}`,
    faultOf: () => undefined,
  };
}

function logFault(row: SealedRow, seal: Parameters<typeof readLogRow>[1]): string | undefined {
  const [lane, sequence, base_ms] = [row['lane'], row['sequence'], row['base_ms']].map(Number);
  const sealed = row.sealed ?? new Uint8Array();
  try {
    const found = { lane: lane ?? 0, sequence: sequence ?? 0, base_ms: base_ms ?? 0, sealed };
    const read = readLogRow(found, seal, () => undefined);
    return read.ok ? undefined : (read.fault.detail ?? read.fault.code);
  } catch {
    return 'it opens, and does not decode';
  }
}

/** Every row; a sentence where a page hides even which row it was. */
async function* rowsOf(
  { sql }: VerificationPorts,
  kind: SealedKind,
): AsyncGenerator<SealedRow | string> {
  let after: (string | number)[] | undefined;
  let alone = 0;
  for (;;) {
    const limit = alone > 0 ? 1 : ROWS_AT_ONCE;
    const rows = await page(sql, kind, { after, limit });
    if (rows === 'damaged' && limit > 1) {
      // One of these: each is asked for alone, so that one does not hide the others.
      alone = ROWS_AT_ONCE;
      continue;
    }
    if (rows === 'damaged') {
      yield `${PAGE_DAMAGED}: what follows in this table was not looked at`;
      return;
    }
    alone = Math.max(0, alone - 1);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined) return;
    after = kind.key.map((column) => last[column] as string | number);
  }
}

async function page(
  sql: Sql,
  kind: SealedKind,
  { after, limit }: { after: (string | number)[] | undefined; limit: number },
): Promise<SealedRow[] | 'damaged'> {
  try {
    return await sealedRowsAfter(sql, kind, { after, limit, withSealed: true });
  } catch (error) {
    if (!isDamage(error)) throw error;
    if (limit > 1) return 'damaged';
  }
  try {
    return await sealedRowsAfter(sql, kind, { after, limit, withSealed: false });
  } catch (error) {
    if (!isDamage(error)) throw error;
    return 'damaged';
  }
}
