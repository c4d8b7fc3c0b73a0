/**
 * Gives each new entry of the audit a place in its organisation's tree, once a second, and signs what the
 * tree has become. No act waits for it. Places and heads are one transaction; the file of heads follows, so
 * that the database is behind it only where somebody has put the database back.
 */
import { GrowingTree } from '@ausculta/audit-tree/merkle-tree';
import { expect } from '@ausculta/vitals/expect';
import type { InLane, Sql } from '../database/pool.ts';
import type { SigningKey } from '../vault/receipt-proof.ts';
import { signHead } from './heads.ts';
import type { HeadsFile } from './heads-file.ts';
import { hashOf, sha256 } from './leaf-record.ts';
import { insertAccesses } from './read-store.ts';
import * as store from './store.ts';
import { openTree } from './trees.ts';

export interface SequencerPorts {
  readonly sql: Sql;
  readonly inLane: InLane;
  readonly key: SigningKey;
  /** What is durable elsewhere comes into the database first. */
  readonly gather: () => Promise<void>;
  readonly openFile: () => Promise<HeadsFile>;
  readonly nowMs: () => number;
  readonly onProblem: (what: string, error: unknown) => void;
}

/** Some 50 ms of work: nobody waits longer for the lane. */
const LEAVES_AT_ONCE = 2_000;

interface Opened {
  readonly file: HeadsFile;
  readonly trees: Map<string, GrowingTree>;
  /** Organisations whose entries wait until somebody has looked. */
  readonly contradicted: Set<string>;
  /** Heads that the file has not yet: the last of each organisation. */
  readonly untold: Map<string, string>;
}

export class Sequencer {
  readonly #ports: SequencerPorts;
  #opened: Opened | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(ports: SequencerPorts) {
    this.#ports = ports;
  }

  /** Of how many organisations the database is not what its heads say. */
  get contradicted(): number {
    return this.#opened?.contradicted.size ?? 0;
  }

  isContradicted(organisationId: string): boolean {
    return this.#opened?.contradicted.has(organisationId) ?? false;
  }

  /** Resolves when all that was committed before has its place, or could not get one: false where nothing waited. */
  settle(): Promise<boolean> {
    const round = this.#running.then(() => this.#round());
    this.#running = round;
    return round;
  }

  async #round(): Promise<boolean> {
    try {
      let isDone = false;
      await this.#ports.gather();
      this.#opened ??= await this.#open();
      await tell(this.#opened);
      while (await this.#placeSome(this.#opened)) {
        isDone = true;
        await tell(this.#opened);
      }
      return isDone;
    } catch (error) {
      // What was grown in memory may not be what was stored: all of it is read anew.
      this.#opened = undefined;
      this.#ports.onProblem('give entries of the audit their places', error);
      return true;
    }
  }

  async #open(): Promise<Opened> {
    const { sql, key, openFile, onProblem } = this.#ports;
    const placed = await store.placedOrganisations(sql);
    const file = await openFile();
    const opened: Opened = {
      ...{ file, trees: new Map(), contradicted: new Set(), untold: new Map() },
    };
    for (const organisationId of new Set([...placed, ...file.organisations()])) {
      const found = await openTree({ sql, key, file }, organisationId);
      if (found === undefined) {
        opened.contradicted.add(organisationId);
        onProblem('hold the audit against its signed heads', new Contradicted());
        continue;
      }
      opened.trees.set(organisationId, found.tree);
      if (found.untold !== undefined) opened.untold.set(organisationId, found.untold);
    }
    return opened;
  }

  /** False when nothing is left that could get a place. */
  async #placeSome({ trees, contradicted, untold }: Opened): Promise<boolean> {
    const { sql, inLane } = this.#ports;
    if (!(await store.isAnyWaiting(sql, contradicted))) return false;
    const heads = await inLane(async (tx) => {
      const waited = await store.waitingLeaves(tx, contradicted, LEAVES_AT_ONCE);
      const places: store.PlaceRow[] = [];
      const signed: store.HeadRow[] = [];
      const unplaced = waited.filter((row) => !row.is_placed);
      for (const [organisationId, rows] of Map.groupBy(unplaced, (row) => row.organisation_id)) {
        const tree = trees.get(organisationId) ?? new GrowingTree(sha256);
        trees.set(organisationId, tree);
        const after = tree.size;
        for (const row of rows) places.push(placeIn(tree, row));
        signed.push(this.#headOf(organisationId, tree, after));
      }
      if (waited.length > 0) await store.insertPlaces(tx, { waited, places, heads: signed });
      const reads = unplaced.filter(({ kind }) => kind === 'reads');
      if (reads.length > 0) await insertAccesses(tx, reads.map(underHead(signed)));
      return waited.length > 0 ? signed : undefined;
    });
    for (const { organisation_id, note } of heads ?? []) untold.set(organisation_id, note);
    return heads !== undefined;
  }

  #headOf(organisationId: string, tree: GrowingTree, after: number): store.HeadRow {
    const { nowMs, key } = this.#ports;
    const head = { organisationId, size: tree.size, root: tree.root(), after, isRestored: false };
    const note = signHead({ ...head, atMs: nowMs() }, key);
    return { organisation_id: organisationId, size: tree.size, note };
  }
}

/** Told to whoever runs the server, once a start. */
class Contradicted extends Error {
  constructor() {
    super('the audit in the database is not what its heads say');
  }
}

function placeIn(tree: GrowingTree, { organisation_id, kind, leaf_id, leaf }: store.WaitingLeaf) {
  const place = tree.size;
  const hashes = Buffer.concat(tree.append(hashOf(leaf)).map(({ hash }) => hash));
  return { organisation_id, place, kind, leaf_id, hashes };
}

/** Which growth of its tree has brought an entry in. */
const underHead =
  (heads: readonly store.HeadRow[]) =>
  ({ organisation_id, leaf_id }: store.WaitingLeaf) => {
    const head = heads.find((one) => one.organisation_id === organisation_id);
    expect(head !== undefined, 'what was placed has a head');
    return { organisation_id, leaf_id, size: head.size };
  };

async function tell({ file, untold }: Opened): Promise<void> {
  if (untold.size === 0) return;
  await file.append([...untold.values()]);
  untold.clear();
}
