/**
 * Who wears a device: given to somebody, taken off, corrected after the fact. An act is one
 * transaction: the device's history, the orders for what has to move, and the audit entry. Only then
 * does accept place by the new history, at one moment, behind every message that was placed before.
 */
import { expect } from '@ausculta/vitals/expect';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { parseSubjectId, type SubjectId } from '@ausculta/vitals/identity';
import type { InLane } from '../database/pool.ts';
import type { RegisteredDevice } from '../devices/known-device.ts';
import type { Registry } from '../devices/registry.ts';
import { writeAssignments } from '../devices/store.ts';
import type { Actor, LegalHolds } from '../erasure/holds.ts';
import type { Series } from '../line/entry.ts';
import { type AuditAct, appendAudit } from '../vault/audit.ts';
import type { Seal } from '../vault/seal.ts';
import type { Reattribution } from './reattribution.ts';
import { insertOrders, type OrderRow } from './store.ts';
import {
  type Change,
  gainsBetween,
  type Move,
  movesBetween,
  rewear,
  type TimeSpan,
  type Worn,
} from './wearing.ts';

/** A device's clock may run ahead of ours by a little: what it has sent of that span moves as well. */
const AHEAD_MS = 10 * 60_000;

const EVER = Number.POSITIVE_INFINITY;

export interface ActPorts {
  readonly inLane: InLane;
  readonly registry: Registry;
  readonly holds: Pick<LegalHolds, 'of'>;
  readonly reattribution: Pick<Reattribution, 'begin' | 'findOut'>;
  readonly organisationSeal: (organisationId: string) => Seal;
  readonly newestMs: (series: Series) => number | undefined;
  /** With whom something of a device was placed that is not durable yet. */
  readonly arriving: (device: RegisteredDevice) => Iterable<SubjectId>;
  /** Who wears a device, or wore it, is another than it was. */
  readonly onWorn: (device: RegisteredDevice) => void;
  readonly nowMs: () => number;
  readonly newId: () => string;
}

interface Act {
  readonly who: Actor;
  readonly device: RegisteredDevice;
  readonly what: AuditAct;
  readonly changes: readonly Change[];
  /** Of the act: what begins now is not past, however long the act takes. */
  readonly nowMs: number;
}

export class Acts {
  readonly #ports: ActPorts;
  /** One act after the other: each begins with the history that the last one made. */
  #last: Promise<unknown> = Promise.resolve();
  /** Resolves when it is known whether the last act that failed was written all the same. */
  #doubt: Promise<void> | undefined;
  #lastOrderedMs = 0;

  constructor(ports: ActPorts) {
    this.#ports = ports;
  }

  /** From then on this subject wears it, until somebody says otherwise. */
  assign(
    who: Actor,
    device: RegisteredDevice,
    to: { subjectId: SubjectId; fromMs: number | undefined },
  ): Promise<Result<void>> {
    return this.#inTurn(async () => {
      const { subjectId } = to;
      const nowMs = this.#ports.nowMs();
      const changes = [{ fromMs: to.fromMs ?? nowMs, untilMs: EVER, subjectId }];
      return await this.#perform({ who, device, what: 'device-assigned', changes, nowMs });
    });
  }

  /**
   * From then on nobody wears it. If that is past, what it has measured since is somebody's whom
   * nobody knows: a provisional subject's (safety S17).
   */
  takeOff(who: Actor, device: RegisteredDevice, atMs: number | undefined): Promise<Result<void>> {
    return this.#inTurn(async () => {
      const nowMs = this.#ports.nowMs();
      const fromMs = atMs ?? nowMs;
      const changes: Change[] = [{ fromMs, untilMs: EVER, subjectId: undefined }];
      const past = { fromMs, untilMs: nowMs };
      if (fromMs < nowMs && isWornIn(historyOf(device), past)) {
        changes.push({ ...past, subjectId: await this.#unknownWearer(device) });
      }
      return await this.#perform({ who, device, what: 'device-unassigned', changes, nowMs });
    });
  }

  /** From then on nobody wears it; what it has measured since stays where it is. */
  release(who: Actor, device: RegisteredDevice, fromMs: number): Promise<Result<void>> {
    return this.#inTurn(async () => {
      const changes = [{ fromMs, untilMs: EVER, subjectId: undefined }];
      const nowMs = this.#ports.nowMs();
      return await this.#perform({ who, device, what: 'device-unassigned', changes, nowMs });
    });
  }

  /** In that span it was this subject who wore it, whatever was thought; undefined: nobody knows who. */
  correct(who: Actor, device: RegisteredDevice, change: Change): Promise<Result<void>> {
    return this.#inTurn(async () => {
      const isKnown = change.subjectId !== undefined;
      if (!isKnown && !isWornIn(historyOf(device), change)) {
        return fail('PAYLOAD_MALFORMED', 'from: nobody wore the device in this span');
      }
      const nowMs = this.#ports.nowMs();
      const held = this.#heldFrom(device, [change], nowMs);
      if (held !== undefined) return held;
      const subjectId = change.subjectId ?? (await this.#unknownWearer(device));
      const changes = [{ ...change, subjectId }];
      return await this.#perform({ who, device, what: 'assignment-corrected', changes, nowMs });
    });
  }

  #inTurn(act: () => Promise<Result<void>>): Promise<Result<void>> {
    const mine = this.#last.then(act);
    this.#last = mine.catch(() => this.#doubt);
    return mine;
  }

  async #perform({ who, device, what, changes, nowMs }: Act): Promise<Result<void>> {
    const { registry, reattribution } = this.#ports;
    const refused = this.#unknownOf(changes) ?? this.#heldFrom(device, changes, nowMs);
    if (refused !== undefined) return refused;
    const before = historyOf(device);
    const after = changes.reduce<Worn[]>(rewear, [...before]);
    const moves = this.#movesOf(device, before, after);
    const wearers = [...before, ...after].map(({ subjectId }) => subjectId);
    const ids = [...wearers, ...moves.map(({ from }) => from)];
    // Whoever takes part is not erased before the act is known to all.
    using held = new DisposableStack();
    held.use(registry.moves.hold([...new Set(ids)]));
    const atMs = Math.max(nowMs, this.#lastOrderedMs + 1);
    this.#lastOrderedMs = atMs;
    const orders = moves.map((move) => this.#orderOf(move, { who, device, atMs }));
    await this.#provideTwins(device, moves);
    try {
      await this.#write({ who, device, what, atMs }, { before, after, orders });
    } catch (error) {
      const stillHeld = held.move();
      this.#doubt = reattribution.findOut(device).finally(() => {
        stillHeld.dispose();
        this.#ports.onWorn(device);
      });
      throw error;
    }
    while (device.queue !== undefined) await device.queue;
    registry.setWearers(
      device,
      after.map((worn) => assignmentOf(worn, device)),
    );
    reattribution.begin(orders);
    this.#ports.onWorn(device);
    return ok(undefined);
  }

  /** All of it, or nothing; and nothing once another server has read who wears what. */
  async #write(
    { who, device, what, atMs }: Pick<Act, 'who' | 'device' | 'what'> & { readonly atMs: number },
    history: { before: readonly Worn[]; after: readonly Worn[]; orders: readonly OrderRow[] },
  ): Promise<void> {
    const { inLane, organisationSeal } = this.#ports;
    const { before, after, orders } = history;
    await inLane(async (tx) => {
      await writeAssignments(tx, device.id, rowsOf(after, device, what));
      await insertOrders(tx, orders);
      await appendAudit(tx, {
        organisationId: who.organisationId,
        actor: who.accountId,
        act: what,
        target: `device/${device.id}`,
        atMs,
        detail: {
          seal: organisationSeal(who.organisationId),
          value: { before: before.map(inWords), after: after.map(inWords) },
        },
      });
    });
  }

  #unknownOf(changes: readonly Change[]) {
    const { subjects } = this.#ports.registry;
    const isUnknown = changes.some((c) => c.subjectId !== undefined && !subjects.has(c.subjectId));
    return isUnknown ? fail('NOT_FOUND', 'subjectId') : undefined;
  }

  /** A record that must be kept as it is loses nothing to another one. A device may be taken off. */
  #heldFrom(device: RegisteredDevice, changes: readonly Change[], nowMs: number) {
    const { holds } = this.#ports;
    const before = historyOf(device);
    const after = changes.reduce<Worn[]>(rewear, [...before]);
    const leaving = movesBetween(before, after).filter(({ fromMs }) => fromMs < nowMs);
    const reasons = leaving.flatMap(({ from }) => holds.of(from).map(({ reason }) => reason));
    return reasons.length > 0 ? fail('LEGAL_HOLD', reasons.join(' · ')) : undefined;
  }

  #movesOf(
    device: RegisteredDevice,
    before: readonly Worn[],
    after: readonly Worn[],
  ): (Move & { to: SubjectId })[] {
    const soonMs = this.#ports.nowMs() + AHEAD_MS;
    const strays = gainsBetween(before, after).flatMap((gain) => this.#straysOf(device, gain));
    return [...movesBetween(before, after), ...strays].flatMap((move) => {
      const { to, fromMs } = move;
      return to === undefined || fromMs > soonMs ? [] : [{ ...move, to }];
    });
  }

  /**
   * What came while it was being said that somebody wears a device no more was still placed with them. Once
   * somebody is said to have worn it then, it is theirs. A record that must be kept as it is keeps it.
   */
  #straysOf(device: RegisteredDevice, gain: Worn): Move[] {
    const { registry, holds, nowMs, newestMs, arriving } = this.#ports;
    if (gain.fromMs >= nowMs()) return [];
    const mayHave = new Set(arriving(device));
    for (const { subjectId, untilMs } of historyOf(device))
      if (untilMs === gain.fromMs) mayHave.add(subjectId);
    for (const { deviceId, toSubjectId } of registry.moves.all())
      if (deviceId === device.id) mayHave.add(toSubjectId);
    for (const series of device.series())
      if ((newestMs(series) ?? Number.NEGATIVE_INFINITY) >= gain.fromMs)
        mayHave.add(series.subjectId);
    const { subjectId: to, fromMs, untilMs } = gain;
    return [...mayHave]
      .filter((from) => from !== to && registry.subjects.has(from) && holds.of(from).length === 0)
      .map((from) => ({ from, to, fromMs, untilMs }));
  }

  #orderOf(
    move: Move & { to: SubjectId },
    { who, device, atMs }: { who: Actor; device: RegisteredDevice; atMs: number },
  ): OrderRow {
    return {
      organisation_id: device.organisationId,
      device_id: device.id,
      id: this.#ports.newId(),
      from_subject_id: move.from,
      to_subject_id: move.to,
      from_ms: move.fromMs,
      until_ms: Number.isFinite(move.untilMs) ? move.untilMs : null,
      ordered_ms: atMs,
      ordered_by: who.accountId ?? null,
      stage: 'moving',
      values_moved: 0,
    };
  }

  /** Where the detectors of the new wearer go on, they need the series before the log says so. */
  async #provideTwins(
    device: RegisteredDevice,
    moves: readonly (Move & { to: SubjectId })[],
  ): Promise<void> {
    const { registry, newestMs } = this.#ports;
    for (const { from, to, fromMs, untilMs } of moves) {
      const placement = registry.placementOf(to);
      expect(placement !== undefined, 'whoever is to wear a device is registered');
      for (const series of registry.seriesOfSubject(from)) {
        const atMs = newestMs(series);
        const isMoving = atMs !== undefined && fromMs <= atMs && atMs < untilMs;
        if (series.deviceId === device.id && isMoving) {
          await registry.provideTwin(series, placement);
        }
      }
    }
  }

  /** Nobody is unmonitored for want of a name: adults' limits, until somebody says who it is. */
  async #unknownWearer(device: RegisteredDevice): Promise<SubjectId> {
    const { registry, newId } = this.#ports;
    const id = parseSubjectId(newId());
    expect(id !== undefined, 'a new id is well formed');
    const recordNumber = `U-${id.slice(0, 8).toUpperCase()}`;
    await registry.addSubject({
      organisationId: device.organisationId,
      id,
      kind: 'bed',
      category: 'adult',
      paced: 'unknown',
      identity: {
        familyName: 'Unknown',
        givenName: `wore ${device.id}`,
        sex: 'unknown',
        recordNumber,
      },
    });
    return id;
  }
}

export function historyOf(device: RegisteredDevice): Worn[] {
  return device.wearers.map(({ subjectId, fromMs, untilMs }) => {
    return { subjectId, fromMs, untilMs: untilMs ?? EVER };
  });
}

function isWornIn(history: readonly Worn[], span: TimeSpan): boolean {
  return history.some((worn) => worn.fromMs < span.untilMs && span.fromMs < worn.untilMs);
}

function assignmentOf({ subjectId, fromMs, untilMs }: Worn, { id: deviceId }: RegisteredDevice) {
  return { deviceId, subjectId, fromMs, untilMs: untilMs === EVER ? undefined : untilMs };
}

function rowsOf(worn: readonly Worn[], device: RegisteredDevice, source: string) {
  return worn.map(({ subjectId, fromMs, untilMs }) => ({
    organisation_id: device.organisationId,
    device_id: device.id,
    subject_id: subjectId,
    valid_from_ms: fromMs,
    valid_until_ms: untilMs === EVER ? null : untilMs,
    source,
  }));
}

function inWords({ subjectId, fromMs, untilMs }: Worn) {
  const until = untilMs === EVER ? null : new Date(untilMs).toISOString();
  return { subject: subjectId, from: new Date(fromMs).toISOString(), until };
}
