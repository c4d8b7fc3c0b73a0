/**
 * A database in memory as a fault sees PostgreSQL: statements that wait, transactions that become
 * visible and durable at once or not at all, commits whose answer is lost, a store that dies with
 * what it had not synced. The rooms' store.ts functions have twins that speak to it (twins.ts).
 */
import type { Sql } from '../../apps/server/src/database/pool.ts';
import type { Chance } from './chance.ts';
import type { Life, Scheduler } from './scheduler.ts';
import { Tables } from './tables.ts';
import type { Weather } from './weather.ts';

/** What a statement found, and what it would change once it is committed. */
export interface Planned<R> {
  readonly result: R;
  /** Whether the answer still holds at the commit; a row lock would have seen to that. */
  readonly holds?: (tables: Tables) => boolean;
  /** Rows that are gone for what comes later in the same transaction. */
  readonly takes?: readonly string[];
  readonly write?: (tables: Tables) => void;
}

/** An error of the world, as the driver tells it. */
export class StoreError extends Error {
  readonly code: string;
  constructor(code: string) {
    super(`the simulated store: ${code}`);
    this.code = code;
  }
}

/** A statement that no twin speaks for: the simulator has to learn it. */
export class UnknownStatement extends Error {}

/** What this transaction has done before. */
interface Earlier {
  readonly taken: ReadonlySet<string>;
}

type Plan<R> = (tables: Tables, earlier: Earlier) => Planned<R>;

const NOTHING_YET: Earlier = { taken: new Set() };

interface Transaction {
  readonly planned: Planned<unknown>[];
}

interface Handle {
  readonly database: MemoryDatabase;
  readonly life: Life | undefined;
  /** Row-level security: rows of one organisation, or of all. */
  readonly organisationId: string | undefined;
  readonly transaction: Transaction | undefined;
  /** For checks: answers at once and moves nothing. */
  readonly isInstant: boolean;
}

const handles = new WeakMap<object, Handle>();

const SLOW_MS_MAX = 6_000;
const DOWN_MS_MAX = 4_000;

export class MemoryDatabase {
  tables = new Tables();
  /** Commits that were answered and not yet synced; empty unless the store is a broken one. */
  #unsynced: Planned<unknown>[] = [];
  #downUntilMs = 0;
  /** Counts its deaths: what was on its way then gets no good answer. */
  #deaths = 0;
  readonly #chance: Chance;
  readonly #scheduler: Scheduler;
  readonly #weather: () => Weather;
  readonly #answersBeforeSync: boolean;

  constructor(world: {
    chance: Chance;
    scheduler: Scheduler;
    weather: () => Weather;
    answersBeforeSync: boolean;
  }) {
    this.#chance = world.chance;
    this.#scheduler = world.scheduler;
    this.#weather = world.weather;
    this.#answersBeforeSync = world.answersBeforeSync;
  }

  /** A connection of a life of the server. */
  connect(
    life: Life | undefined,
    { organisationId, isInstant = false }: { organisationId?: string; isInstant?: boolean } = {},
  ): Sql {
    return asSql({ database: this, life, organisationId, transaction: undefined, isInstant });
  }

  die(): void {
    this.#deaths += 1;
    this.#unsynced = [];
    this.#downUntilMs = this.#scheduler.elapsedMs + this.#chance.below(DOWN_MS_MAX);
  }

  /** What a disk that tells the truth has done long ago. */
  sync(): void {
    for (const { write } of this.#unsynced.splice(0)) write?.(this.tables);
  }

  async run<R>(handle: Handle, name: string, plan: Plan<R>): Promise<R> {
    const { transaction, life } = handle;
    if (handle.isInstant) return plan(this.tables, NOTHING_YET).result;
    const deaths = this.#deaths;
    await this.#travel(`ask ${name}`, life);
    this.#mayRefuse(deaths);
    const taken = new Set(transaction?.planned.flatMap(({ takes = [] }) => takes));
    const planned = plan(this.tables, { taken });
    if (transaction !== undefined) transaction.planned.push(planned);
    else if (planned.write !== undefined) return await this.#commit(name, life, [planned]);
    await this.#travel(`answer ${name}`, life);
    if (this.#deaths !== deaths) throw new StoreError('CONNECTION_CLOSED');
    return planned.result;
  }

  async transact<T>(handle: Handle, work: (tx: Sql) => Promise<T>): Promise<T> {
    const deaths = this.#deaths;
    const transaction: Transaction = { planned: [] };
    const value = await work(asSql({ ...handle, transaction }));
    if (handle.isInstant) return value;
    if (transaction.planned.every(({ write }) => write === undefined)) return value;
    await this.#travel('ask commit', handle.life);
    this.#mayRefuse(deaths);
    await this.#commit('commit', handle.life, transaction.planned);
    return value;
  }

  /** All at once; the answer is another matter. */
  async #commit<R>(
    name: string,
    life: Life | undefined,
    planned: readonly Planned<unknown>[],
  ): Promise<R> {
    if (planned.some(({ holds }) => holds?.(this.tables) === false)) throw new StoreError('40001');
    if (this.#answersBeforeSync) this.#unsynced.push(...planned);
    else for (const { write } of planned) write?.(this.tables);
    const deaths = this.#deaths;
    await this.#travel(`answer ${name}`, life);
    if (this.#deaths !== deaths || this.#chance.happens(this.#weather().answerLost)) {
      throw new StoreError('CONNECTION_CLOSED');
    }
    return planned[0]?.result as R;
  }

  #travel(name: string, life: Life | undefined): Promise<void> {
    const isSlow = this.#chance.happens(this.#weather().slow);
    return this.#scheduler.pass(name, life, isSlow ? this.#chance.below(SLOW_MS_MAX) : 0);
  }

  #mayRefuse(deaths: number): void {
    const isDown = this.#deaths !== deaths || this.#scheduler.elapsedMs < this.#downUntilMs;
    if (isDown) throw new StoreError('ECONNREFUSED');
    if (this.#chance.happens(this.#weather().refused))
      throw new StoreError(this.#chance.of(['57P03', '55P03', '53200', '40001']));
  }
}

function asSql(handle: Handle): Sql {
  const sql = (strings: unknown): never => {
    const text = Array.isArray(strings) ? strings.join('?').trim().replaceAll(/\s+/g, ' ') : '';
    throw new UnknownStatement(`no twin speaks for this statement: ${text.slice(0, 200)}`);
  };
  const begin = (work: (tx: Sql) => Promise<unknown>) => handle.database.transact(handle, work);
  // The driver's type has a hundred members that no store calls; whoever called one would crash here.
  const made = Object.assign(sql, { begin }) as unknown as Sql;
  handles.set(made, handle);
  return made;
}

/** What a twin does with its connection: one statement. */
export function ask<R>(
  sql: object,
  name: string,
  plan: (
    tables: Tables,
    seen: Earlier & { isSeen: (row: { organisation_id: string | null }) => boolean },
  ) => Planned<R>,
): Promise<R> {
  const handle = handles.get(sql);
  if (handle === undefined) throw new UnknownStatement(`${name} was given another connection`);
  const { organisationId: own } = handle;
  const isSeen = (row: { organisation_id: string | null }): boolean =>
    own === undefined || row.organisation_id === own;
  return handle.database.run(handle, name, (tables, earlier) =>
    plan(tables, { ...earlier, isSeen }),
  );
}
