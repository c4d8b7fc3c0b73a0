/** New documents of many requests: prepared one request after the other, written together. */
import type { OrganisationId } from '@ausculta/vitals/identity';
import { Turns } from '../admissions/turns.ts';
import { GatheredWrites } from '../database/gathered-writes.ts';
import type { InLaneAtOnce } from '../database/pool.ts';
import { indexMark } from './index-entries.ts';
import type { Hash } from './search-hash.ts';
import { AT_ONCE, type Prepared, sendPrepared } from './version-writer.ts';

/** Documents; a transaction of more is written by itself. */
const WRITTEN_AT_ONCE = 400;

export interface CreationPorts {
  readonly inLaneAtOnce: InLaneAtOnce;
  readonly hashOf: (organisationId: OrganisationId) => Hash;
}

export class Creations {
  readonly #ports: CreationPorts;
  readonly #preparing = new Turns();
  readonly #writing = new Map<OrganisationId, GatheredWrites<readonly Prepared[], undefined>>();

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
  async write(organisationId: OrganisationId, prepared: readonly Prepared[]): Promise<void> {
    if (prepared.length > 0) await this.#writingOf(organisationId).write(prepared);
  }

  #writingOf(organisationId: OrganisationId): GatheredWrites<readonly Prepared[], undefined> {
    const known = this.#writing.get(organisationId);
    if (known !== undefined) return known;
    const { inLaneAtOnce, hashOf } = this.#ports;
    const mark = indexMark(hashOf(organisationId));
    const made = new GatheredWrites<readonly Prepared[], undefined>({
      write: async (parts) => {
        await inLaneAtOnce(organisationId, (tx) =>
          sendPrepared(tx, organisationId, parts.flat(), mark),
        );
        return parts.map(() => undefined);
      },
      weigh: ({ length }) => length,
      weightMax: WRITTEN_AT_ONCE,
    });
    this.#writing.set(organisationId, made);
    return made;
  }
}
