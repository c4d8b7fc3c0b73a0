import { expect } from '@ausculta/vitals/expect';
import postgres from 'postgres';
import { arrayTypes } from './array-types.ts';
import type { Connection } from './connection.ts';
import { beginOnLiving } from './living-connection.ts';
import { type ReadAs, Readers } from './readers.ts';
import { setOrganisation } from './store.ts';
import { viewing } from './viewing.ts';
import { PLAIN_TYPES, UNWRITABLE } from './written-values.ts';

/**
 * Two pools on one database, because there are two kinds of work. The *line* serves the devices of
 * all organisations. *People* see one organisation, and only inside `asOrganisation`: a query that
 * forgets it sees nothing, because row-level security decides, not the query.
 */
export interface Pools extends AsyncDisposable {
  readonly line: Sql;
  readonly people: Sql;
  /** Of one organisation, where nothing is written. */
  readonly read: ReadAs;
}

export type Sql = postgres.Sql;
export type Transaction = postgres.TransactionSql;

/**
 * A transaction of the server that has the lane: one that has been replaced commits none. For whatever
 * the running server holds in memory as well, which the next one reads once, when it starts.
 */
export type InLane = <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>;

/** The same for people: a transaction that sees one organisation alone, and holds the lane. */
export type InLaneAs = <T>(
  organisationId: string,
  work: (tx: Transaction) => Promise<T>,
) => Promise<T>;

/** As `InLaneAs`, for one statement that takes hold of the lane itself, and is a transaction of its own. */
export type InLaneAtOnce = (
  write: (people: Sql, owner: { readonly lane: number; readonly fence: number }) => Promise<void>,
) => Promise<void>;

export interface PoolSizes {
  /** One group commit in flight for each lane, the flush, the parked, and the registry's look-ups. */
  readonly line: number;
  /** A page asks for a few things at once; more wait in line for some milliseconds. */
  readonly people: number;
  readonly readers?: ReaderSizes;
}

interface ReaderSizes {
  /** So many have readers of their own at a time: those that ask most, looked at after so many questions. */
  readonly organisations: number;
  readonly each: number;
  readonly questionsALook: number;
}

const READER_SIZES: ReaderSizes = { organisations: 2, each: 6, questionsALook: 10_000 };
const POOL_SIZES: PoolSizes = { line: 8, people: 8 };

const CONNECT_WITHIN_S = 5;
/** A database that came back is noticed within a second, not within the driver's twenty. */
const RECONNECT_WITHIN_S = 1;
const STATEMENT_WITHIN_MS = 30_000;
const LOCK_WITHIN_MS = 5_000;
const IDLE_IN_TRANSACTION_MS = 30_000;
/** Sessions in flight get this long to finish before their connections are cut. */
const END_WITHIN_S = 5;

export function openPools(connection: Connection, sizes: PoolSizes = POOL_SIZES): Pools {
  const line = openPool(connection, { size: sizes.line, scope: 'line' });
  const people = openPool(connection, { size: sizes.people, scope: 'people' });
  const close = (sql: Sql) => sql.end({ timeout: END_WITHIN_S });
  const { organisations: roomsMax, each, questionsALook } = sizes.readers ?? READER_SIZES;
  const readers = new Readers({
    open: (organisationId) =>
      openPool(connection, { size: each, scope: 'people', readsOf: organisationId }),
    close,
    shared: (organisationId, work) => readAsOrganisation(people, organisationId, work),
    roomsMax,
    questionsALook,
  });
  // Connections that are kept open see all rows of their organisation: whoever may see some has a transaction.
  const read: ReadAs = (organisationId, work) =>
    viewing()?.rows() === undefined
      ? readers.read(organisationId, work)
      : readAsOrganisation(people, organisationId, work);
  return {
    line,
    people,
    read,
    async [Symbol.asyncDispose]() {
      await Promise.all([close(line), close(people), readers[Symbol.asyncDispose]()]);
    },
  };
}

/**
 * Runs `work` in a transaction that sees and writes the rows of one organisation alone.
 * The scope travels with the first query: it costs no round trip of its own.
 */
export async function asOrganisation<T>(
  people: Sql,
  organisationId: string,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const rows = viewing()?.rows();
  const outcome = await people.begin(async (tx) => {
    const scoped = setOrganisation(tx, organisationId, rows);
    const [value] = await Promise.all([work(tx), scoped]);
    return { value };
  });
  return outcome.value;
}

/**
 * The same for questions alone: whoever asks does not wait for the end of a transaction that changed
 * nothing.
 */
export function readAsOrganisation<T>(
  people: Sql,
  organisationId: string,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const rows = viewing()?.rows();
  return new Promise<T>((resolve, reject) => {
    const ended = people.begin('read only', async (tx) => {
      const scoped = setOrganisation(tx, organisationId, rows);
      const [value] = await Promise.all([work(tx), scoped]);
      resolve(value);
    });
    // Of one that was answered this is nobody's matter: the pool opens another connection.
    ended.catch(reject);
  });
}

/** A single connection for start-up work: migrations, checks, provisioning. Sees all organisations. */
export function openConnection(connection: Connection): Sql {
  return openPool(connection, { size: 1, scope: 'line' });
}

interface PoolKind {
  readonly size: number;
  readonly scope: 'line' | 'people';
  /** Its connections see this organisation alone, and write nothing. */
  readonly readsOf?: string;
}

function openPool(connection: Connection, pool: PoolKind): Sql {
  const sql = postgres({
    host: connection.host,
    port: connection.port,
    database: connection.database,
    user: connection.user,
    password: connection.password,
    ssl: connection.ssl === 'disable' ? false : connection.ssl,
    max: pool.size,
    // A question that takes long keeps no other waiting behind it while there are connections.
    ...(pool.readsOf !== undefined && { max_pipeline: 0 }),
    max_lifetime: null,
    idle_timeout: 0,
    connect_timeout: CONNECT_WITHIN_S,
    backoff: (retries: number) => Math.min(0.02 * 2 ** retries, RECONNECT_WITHIN_S),
    onnotice: () => undefined,
    fetch_types: false,
    types: { bigint: SAFE_BIGINT, ...PLAIN_TYPES, ...ARRAY_TYPES },
    transform: { undefined: UNWRITABLE },
    connection: {
      application_name: `ausculta ${pool.scope}`,
      'ausculta.scope': pool.scope,
      statement_timeout: STATEMENT_WITHIN_MS,
      lock_timeout: LOCK_WITHIN_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      // Each question has one good plan, whatever it asks for: made anew, it took longer than the answer.
      ...(pool.scope === 'people' ? { plan_cache_mode: 'force_generic_plan' } : {}),
      ...(pool.readsOf !== undefined && {
        'ausculta.organisation': pool.readsOf,
        default_transaction_read_only: true,
      }),
    },
  });
  return Object.assign(sql, { begin: beginOnLiving(sql) });
}

/** Our bigints are 53-bit ids and milliseconds. One that is not would come back as another number. */
const SAFE_BIGINT: postgres.PostgresType<number> = {
  to: 20,
  from: [20],
  serialize: (value: number) => String(value),
  parse: (text: string) => {
    const value = Number(text);
    expect(Number.isSafeInteger(value), 'a bigint is within 53 bits');
    return value;
  },
};

const ARRAY_TYPES = arrayTypes(SAFE_BIGINT.parse);
