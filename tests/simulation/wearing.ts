/**
 * Who wears a device, said late, wrongly, twice and again: acts upon the real room, and what the rows
 * say of it. Every reading of a clock that was right is owed to whoever the rows name for its time.
 */
import type { DeviceId, SubjectId } from '@ausculta/vitals/identity';
import { ofSubject } from '../../apps/server/src/vault/vault.ts';
import type { Fact } from './ledger.ts';
import type { Monitor } from './monitor.ts';
import type { Server } from './server-life.ts';
import type { World } from './world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const EVER = Number.POSITIVE_INFINITY;

type Said =
  | { readonly kind: 'assign'; readonly subjectId: SubjectId; readonly fromMs: number | undefined }
  | { readonly kind: 'take off'; readonly fromMs: number | undefined }
  | {
      readonly kind: 'correct';
      readonly fromMs: number;
      readonly untilMs: number;
      readonly subjectId: SubjectId | undefined;
    };

/** What an act may answer when it does nothing: a person has been erased, or nobody wore it. */
const REFUSALS = new Set(['NOT_FOUND', 'PAYLOAD_MALFORMED']);

export class Wearing {
  readonly #world: World;
  readonly #last = new Map<string, Said>();
  /** Acts under way, by device; those of a dead server are over. */
  readonly #acting = new Map<string, { readonly server: Server }>();
  /** The store did not say whether an act upon them was written. */
  readonly #doubted = new Map<string, Server>();
  /** Of each device: how often somebody began or ended to say who wears it. */
  readonly #changes = new Map<string, number>();
  acts = 0;

  constructor(world: World) {
    this.#world = world;
  }

  changesOf(deviceId: string): number {
    return this.#changes.get(deviceId) ?? 0;
  }

  isActing(deviceId: string): boolean {
    return this.#isInHand(deviceId) || this.#isDoubted(deviceId);
  }

  #isInHand(deviceId: string): boolean {
    return this.#acting.get(deviceId)?.server.life.isAlive === true;
  }

  /** Until its server knows again what the rows say. */
  #isDoubted(deviceId: string): boolean {
    const server = this.#doubted.get(deviceId);
    if (server === undefined) return false;
    const rows = [...this.#world.database.tables.assignments.values()]
      .filter(({ device_id }) => device_id === deviceId)
      .map((row) => `${row.subject_id} ${row.valid_from_ms} ${row.valid_until_ms ?? EVER}`);
    const known = server.registry.devices
      .get(deviceId)
      ?.wearers.map(
        ({ subjectId, fromMs, untilMs }) => `${subjectId} ${fromMs} ${untilMs ?? EVER}`,
      );
    const isKnown = rows.length === known?.length && rows.every((row) => known.includes(row));
    if (server.life.isAlive && !isKnown) return true;
    this.#doubted.delete(deviceId);
    return false;
  }

  /** Nothing of a device is on its way from one to another. */
  isSettled(deviceId: string): boolean {
    if (this.isActing(deviceId)) return false;
    for (const { device_id, stage } of this.#world.database.tables.orders.values()) {
      if (device_id === deviceId && stage === 'moving') return false;
    }
    return true;
  }

  /** Whom the rows name for that time. */
  ownerAt(deviceId: string, atMs: number): SubjectId | undefined {
    for (const row of this.#world.database.tables.assignments.values()) {
      const isIn = row.valid_from_ms <= atMs && atMs < (row.valid_until_ms ?? EVER);
      if (isIn && row.device_id === deviceId) return row.subject_id;
    }
    return undefined;
  }

  /** Everybody in whose record a fact can have lain: where it was placed, and where orders led. */
  carriersOf({ deviceId, places }: Fact): Set<string> {
    const carriers = new Set(places.map(({ subjectId }) => subjectId));
    const { everOrdered } = this.#world.database.tables;
    const own = everOrdered.filter(({ device_id }) => device_id === deviceId);
    for (let before = -1; before < carriers.size; ) {
      before = carriers.size;
      for (const { from_subject_id: from, to_subject_id: to } of own)
        if (carriers.has(from)) carriers.add(to);
    }
    return carriers;
  }

  /** With a record goes what was in it, whoever wears the device by what is said later. */
  noteErased(owner: string): void {
    for (const fact of this.#world.ledger.facts.values()) {
      if (fact.isLost || fact.kind === 'nonsense') continue;
      const { deviceId, trueMs } = fact;
      const subjectId = this.ownerAt(deviceId, trueMs);
      const whose = subjectId === undefined ? this.carriersOf(fact) : [subjectId];
      if ([...whose].some((id) => ofSubject(id) === owner)) fact.isLost = true;
    }
  }

  /** Somebody wears a device that nobody wears. */
  admit(server: Server, monitor: Monitor, subjectId: SubjectId): Promise<void> {
    return this.#say(server, monitor, { kind: 'assign', subjectId, fromMs: undefined });
  }

  /** Somebody says something of who wears or wore a device: to a server that has been replaced as well. */
  sayAnything(): void {
    const { servers, chance, monitors } = this.#world;
    if (servers.length === 0) return;
    const server = chance.of(servers);
    const monitor = chance.of(monitors);
    const last = this.#last.get(monitor.kind.id);
    const said = last !== undefined && chance.happens(0.2) ? last : this.#anything(server, monitor);
    if (said !== undefined) void this.#say(server, monitor, said);
  }

  #anything({ registry, nowMs }: Server, { kind }: Monitor): Said | undefined {
    const { chance } = this.#world;
    const own = [...registry.subjects.values()].filter(
      ({ organisationId }) => organisationId === kind.organisationId,
    );
    if (own.length === 0) return undefined;
    const subjectId = chance.of(own).id;
    const pastMs = nowMs() - chance.below(chance.of([MINUTE, 10 * MINUTE, HOUR]));
    const roll = chance.next();
    const fromMs = chance.happens(0.5) ? pastMs : undefined;
    if (roll < 0.2) return { kind: 'assign', subjectId, fromMs };
    if (roll < 0.3) return { kind: 'take off', fromMs };
    const untilMs = chance.happens(0.3) ? EVER : pastMs + 1 + chance.below(10 * MINUTE);
    const isKnown = chance.happens(0.85);
    const who = isKnown ? subjectId : undefined;
    return { kind: 'correct', fromMs: pastMs, untilMs, subjectId: who };
  }

  async #say(server: Server, monitor: Monitor, said: Said): Promise<void> {
    const { kind } = monitor;
    if (this.#isInHand(kind.id)) return;
    this.#last.set(kind.id, said);
    const { scheduler } = this.#world;
    scheduler.note(`say of ${kind.id}: ${said.kind} ${wordsOf(said)}`);
    this.acts += 1;
    const mine = { server };
    this.#acting.set(kind.id, mine);
    this.#change(kind.id);
    try {
      const done = await this.#perform(server, kind.id, said);
      if (!server.life.isAlive) return;
      scheduler.note(`said of ${kind.id}: ${done.ok ? 'done' : done.fault.code}`);
      if (!done.ok && !REFUSALS.has(done.fault.code))
        this.#world.violate(`an act was refused: ${done.fault.code}`);
      this.#world.isCheckDue = true;
    } catch (error) {
      this.#world.onProblem(server.life, 'say who wears it', error);
      // What became of it the server has to find out.
      if (server.life.isAlive) this.#doubted.set(kind.id, server);
    } finally {
      if (this.#acting.get(kind.id) === mine) this.#acting.delete(kind.id);
      this.#change(kind.id);
    }
  }

  #change(deviceId: string): void {
    this.#changes.set(deviceId, this.changesOf(deviceId) + 1);
  }

  #perform({ acts, registry }: Server, deviceId: DeviceId, said: Said) {
    const device = registry.devices.get(deviceId);
    if (device === undefined) throw new Error(`nobody knows ${deviceId}`);
    const who = { organisationId: device.organisationId, accountId: undefined };
    switch (said.kind) {
      case 'assign':
        return acts.assign(who, device, { subjectId: said.subjectId, fromMs: said.fromMs });
      case 'take off':
        return acts.takeOff(who, device, said.fromMs);
      case 'correct': {
        const { fromMs, untilMs, subjectId } = said;
        return acts.correct(who, device, { fromMs, untilMs, subjectId });
      }
      default:
        return said satisfies never;
    }
  }
}

function wordsOf(said: Said): string {
  const who = said.kind === 'take off' ? 'nobody' : (said.subjectId ?? 'somebody unknown');
  const from = said.fromMs === undefined ? 'now' : new Date(said.fromMs).toISOString();
  const until = said.kind === 'correct' ? ` until ${said.untilMs}` : '';
  return `${who} from ${from}${until}`;
}
