/** New documents of many requests: prepared one request after the other, written together. */
import type { OrganisationId } from '@ausculta/vitals/identity';
import { Turns } from '../admissions/turns.ts';
import { GatheredWrites, type GatheringPorts } from '../database/gathered-writes.ts';
import type { InLaneAs, InLaneAtOnce } from '../database/pool.ts';
import { type CreatedDocument, createDocuments } from './creation-store.ts';
import { indexMark } from './index-entries.ts';
import type { Hash } from './search-hash.ts';
import { AT_ONCE, type Prepared, storePrepared } from './version-writer.ts';
import { type Creation, requestsOf, type WriteWatch, writtenOf } from './write-watch.ts';

/** Documents; a transaction of more is written by itself. */
const WRITTEN_AT_ONCE = 400;
/** So many are written while others are made durable; of fewer the statement costs more than the waiting. */
const WRITTEN_BESIDE = 100;

export interface CreationPorts {
  readonly inLaneAs: InLaneAs;
  readonly inLaneAtOnce: InLaneAtOnce;
  readonly watch: () => WriteWatch;
  readonly hashOf: (organisationId: OrganisationId) => Hash;
  /** What clients send at one time is read one after the other: it resolves when all of it was. */
  readonly pause: () => Promise<void>;
}

export class Creations {
  readonly #ports: CreationPorts;
  readonly #preparing = new Turns();
  readonly #writing = new Map<OrganisationId, Writing>();
  /** What somebody is told of, or is kept for several, takes more statements: the rest does not wait for it. */
  readonly #watched = new Map<OrganisationId, Writing>();

  constructor(ports: CreationPorts) {
    this.#ports = ports;
  }

  /**
   * Many are prepared in turn: side by side the requests would all be ready at the same time, and the
   * database have nothing to do until then.
   */
  prepare<T>(acts: readonly object[], make: () => Promise<T>): Promise<T> {
    return acts.length > AT_ONCE ? this.#preparing.run(make) : make();
  }

  /** Resolves once all of them are durable. */
  async write(organisationId: OrganisationId, creation: Creation<Prepared>): Promise<void> {
    const { prepared } = creation;
    if (prepared.length === 0) return;
    const isWatched = this.#ports.watch().isConcerned(organisationId, prepared.map(writtenOf));
    const isPlain = !isWatched && prepared.every(isAlone);
    await (isPlain ? this.#writingOf(organisationId) : this.#watchedOf(organisationId)).write(
      creation,
    );
  }

  #writingOf(organisationId: OrganisationId): Writing {
    const known = this.#writing.get(organisationId);
    if (known !== undefined) return known;
    const { inLaneAtOnce, hashOf, pause } = this.#ports;
    const mark = indexMark(hashOf(organisationId));
    const how = { gather: pause, besideFrom: WRITTEN_BESIDE };
    const made = gathered(how, async (parts) => {
      const created = parts.flatMap(({ prepared }) => prepared.filter(isAlone));
      await inLaneAtOnce((people, lane) =>
        createDocuments(people, organisationId, lane, { created, mark }),
      );
    });
    this.#writing.set(organisationId, made);
    return made;
  }

  #watchedOf(organisationId: OrganisationId): Writing {
    const known = this.#watched.get(organisationId);
    if (known !== undefined) return known;
    const { inLaneAs, hashOf, watch, pause } = this.#ports;
    const mark = indexMark(hashOf(organisationId));
    const made = gathered({ gather: pause }, async (parts) => {
      const told = await inLaneAs(organisationId, async (tx) => {
        const all = parts.flatMap(({ prepared }) => prepared);
        await storePrepared(tx, organisationId, all, mark);
        return await watch().written(tx, organisationId, requestsOf(parts));
      });
      told();
    });
    this.#watched.set(organisationId, made);
    return made;
  }
}

/** Beside its document and the index there is nothing to be written. */
function isAlone(prepared: Prepared): prepared is Prepared & CreatedDocument {
  const { copies, untold, row } = prepared;
  return copies.length === 0 && untold === undefined && row.sealed !== null;
}

type Writing = GatheredWrites<Creation<Prepared>, undefined>;

function gathered(
  how: Pick<GatheringPorts<unknown, unknown>, 'gather' | 'besideFrom'>,
  write: (parts: readonly Creation<Prepared>[]) => Promise<void>,
): Writing {
  return new GatheredWrites({
    write: async (parts) => {
      await write(parts);
      return parts.map(() => undefined);
    },
    weigh: ({ prepared }) => prepared.length,
    weightMax: WRITTEN_AT_ONCE,
    ...how,
  });
}
