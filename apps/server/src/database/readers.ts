/**
 * What people ask. An organisation that asks often has connections of its own, which from the moment that they
 * are opened see its rows alone, and write none: a question is one statement there. Where no room is left, it is
 * a transaction of a connection that serves all, as it is for whoever writes.
 */
import type postgres from 'postgres';

/** What a question is put to: it sees one organisation, and each statement what was committed before it. */
export type Reader = postgres.Sql | postgres.TransactionSql;

export type ReadAs = <T>(organisationId: string, work: (sql: Reader) => Promise<T>) => Promise<T>;

export interface ReaderPorts {
  /** Connections that see this organisation alone. */
  readonly open: (organisationId: string) => postgres.Sql;
  /** Resolves when they are closed, however often it is called. */
  readonly close: (sql: postgres.Sql) => Promise<unknown>;
  /** For whoever has none. */
  readonly shared: ReadAs;
  readonly roomsMax: number;
  /** After so many questions it is looked at who has asked most. */
  readonly questionsALook: number;
}

interface Room {
  readonly sql: postgres.Sql;
  underWay: number;
  isLeaving: boolean;
}

export class Readers implements AsyncDisposable {
  readonly #ports: ReaderPorts;
  readonly #rooms = new Map<string, Room>();
  /** Whose connections are open: of those that leave as well. */
  readonly #open = new Set<Room>();
  readonly #asked = new Map<string, number>();
  #questions = 0;
  #isClosed = false;

  constructor(ports: ReaderPorts) {
    this.#ports = ports;
  }

  readonly read: ReadAs = async (organisationId, work) => {
    this.#count(organisationId);
    const room = this.#roomOf(organisationId);
    if (room === undefined) return await this.#ports.shared(organisationId, work);
    room.underWay += 1;
    try {
      return await work(room.sql);
    } finally {
      room.underWay -= 1;
      this.#closeIfLeft(room);
    }
  };

  #count(organisationId: string): void {
    this.#asked.set(organisationId, (this.#asked.get(organisationId) ?? 0) + 1);
    this.#questions += 1;
    if (this.#questions % this.#ports.questionsALook === 0) this.#giveToTheBusiest();
  }

  #roomOf(organisationId: string): Room | undefined {
    const known = this.#rooms.get(organisationId);
    const isFull = this.#isClosed || this.#rooms.size === this.#ports.roomsMax;
    if (known !== undefined || isFull) return known;
    const room = { sql: this.#ports.open(organisationId), underWay: 0, isLeaving: false };
    this.#rooms.set(organisationId, room);
    this.#open.add(room);
    return room;
  }

  /** Whoever asked less than those gives its room up to them, once what it has asked is answered. */
  #giveToTheBusiest(): void {
    const byCount = [...this.#asked].sort(([, a], [, b]) => b - a);
    const busiest = new Set(byCount.slice(0, this.#ports.roomsMax).map(([id]) => id));
    for (const [id, room] of this.#rooms) {
      if (busiest.has(id)) continue;
      this.#rooms.delete(id);
      room.isLeaving = true;
      this.#closeIfLeft(room);
    }
    this.#asked.clear();
  }

  #closeIfLeft(room: Room): void {
    if (!room.isLeaving || room.underWay > 0) return;
    // What fails on the way out is nobody's question any more.
    const closing = this.#ports.close(room.sql).catch(() => undefined);
    void closing.then(() => this.#open.delete(room));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#open].map(({ sql }) => this.#ports.close(sql)));
  }
}
