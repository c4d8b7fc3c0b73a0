/**
 * Re-attribution: what a device measured in a span of time is another subject's than was thought. The
 * order is a row, written in the transaction of the act; from then on nobody is shown these readings
 * as the wrong subject's. Then, one order after the other, in the order in which they were given:
 *
 *   the log hears of it → what came before is flushed → chunks, events and parked messages move, a
 *   few at a time → both records are whole again → alarms of both sides are told.
 *
 * Every step may be stopped anywhere and is done again by the next start: it finds what is left.
 */
import type { ReadingsMoved } from '@ausculta/contract/subjects';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Sql } from '../database/pool.ts';
import { assignmentOfRow, type RegisteredDevice } from '../devices/known-device.ts';
import type { MoveUnderWay } from '../devices/moves-under-way.ts';
import type { Registry } from '../devices/registry.ts';
import { lockAssignments } from '../devices/store.ts';
import type { MovedEntry, Series } from '../line/entry.ts';
import { concealMoving, recallOne } from '../telemetry/last-readings.ts';
import { TakenOver } from '../telemetry/postgres-log.ts';
import {
  moveChunks,
  moveEvents,
  moveParked,
  type NoteArrival,
} from '../telemetry/subject-moves.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import * as store from './store.ts';
import { type TellingPorts, tellOf } from './telling.ts';

const RETRY_MS = 1_000;

/** Screens say for so long that readings have changed hands. */
const RECENT_MS = 3 * 24 * 3_600_000;

export interface ReattributionPorts extends TellingPorts {
  readonly sql: Sql;
  readonly registry: Registry;
  readonly telemetry: TellingPorts['telemetry'] &
    Pick<Telemetry, 'queryPorts' | 'appendMove' | 'flushedSoFar'>;
  /** What somebody sees of these subjects has changed hands. */
  readonly onMoved: (subjectId: SubjectId) => void;
  /** They have arrived; what is told of either record elsewhere changes. Resolves once that is durable. */
  readonly noteMoved: (move: MoveUnderWay) => Promise<void>;
  readonly after: (delayMs: number, run: () => void) => void;
  readonly pause: () => Promise<void>;
  readonly onProblem: (what: string, error: unknown) => void;
}

export class Reattribution {
  readonly #ports: ReattributionPorts;
  readonly #logged = new Map<string, Promise<void>>();
  /** Orders that are in hand, and not done. */
  readonly #begun = new Set<string>();
  /** Those that have moved something lately. */
  #recent: store.OrderRow[] = [];
  readonly #closing = Promise.withResolvers<void>();
  #working: Promise<void> = Promise.resolve();
  #closed = false;

  /** Goes on with what a former start has left. */
  static async open(ports: ReattributionPorts): Promise<Reattribution> {
    const reattribution = new Reattribution(ports);
    reattribution.#recent = await store.readEffective(ports.sql, ports.nowMs() - RECENT_MS);
    for (const row of await store.readArrivals(ports.sql)) {
      ports.registry.moves.arrivedMs.set(row.to_subject_id, row.ordered_ms);
    }
    reattribution.begin(await store.readUnfinished(ports.sql));
    return reattribution;
  }

  private constructor(ports: ReattributionPorts) {
    this.#ports = ports;
  }

  /** At the very moment at which accept places by the new history. Nothing here waits. */
  begin(orders: readonly store.OrderRow[]): void {
    const { registry, telemetry, onMoved } = this.#ports;
    for (const { id } of orders) this.#begun.add(id);
    const moving = orders.filter(({ stage }) => stage === 'moving').map(moveOf);
    registry.moves.add(moving);
    for (const move of moving) {
      for (const series of this.#seriesOf(move)) concealMoving(telemetry.queryPorts, series);
      onMoved(move.fromSubjectId);
      this.#logged.set(move.id, this.#log(move));
    }
    for (const order of orders) this.#working = this.#working.then(() => this.#untilDone(order));
  }

  /**
   * The store did not say whether an act was written. Its rows are asked until they tell, and what they
   * say is done: else the act would come into force at the next start, behind what was said since.
   */
  async findOut(device: RegisteredDevice): Promise<void> {
    const { sql, registry, after, onProblem } = this.#ports;
    while (!this.#closed) {
      try {
        const { worn, orders } = await sql.begin(async (tx) => ({
          worn: await lockAssignments(tx, device.id),
          orders: await store.readUnfinishedOf(tx, device.id),
        }));
        while (device.queue !== undefined) await device.queue;
        registry.setWearers(device, worn.map(assignmentOfRow));
        this.begin(orders.filter(({ id }) => !this.#begun.has(id)));
        return;
      } catch (error) {
        onProblem('find out who wears a device', error);
        await new Promise<void>((resolve) => after(RETRY_MS, resolve));
      }
    }
  }

  /** What of a subject's readings has changed hands in the last days. */
  recentOf(subjectId: SubjectId): ReadingsMoved[] {
    const sinceMs = this.#ports.nowMs() - RECENT_MS;
    const own = this.#recent.filter(
      (order) =>
        order.ordered_ms >= sinceMs &&
        (order.from_subject_id === subjectId || order.to_subject_id === subjectId),
    );
    return own.map((order) => ({
      device: order.device_id,
      way: order.from_subject_id === subjectId ? 'away' : 'here',
      atMs: order.ordered_ms,
      fromMs: order.from_ms,
      untilMs: order.until_ms,
    }));
  }

  #seriesOf({ fromSubjectId, deviceId }: MoveUnderWay): Series[] {
    const all = this.#ports.registry.seriesOfSubject(fromSubjectId);
    return all.filter((series) => series.deviceId === deviceId);
  }

  /** Behind everything that was accepted by the old history, and before all that comes by the new one. */
  #log(move: MoveUnderWay): Promise<void> {
    const { registry, telemetry, nowMs } = this.#ports;
    const placement = registry.placementOf(move.fromSubjectId);
    if (placement === undefined) return Promise.resolve();
    const { fromSubjectId: subjectId, ...rest } = move;
    const times = { receivedMs: nowMs(), offsetMs: 0 };
    const entry: MovedEntry = { kind: 'moved', ...placement, ...times, ...rest, subjectId };
    return new Promise((resolve) => {
      telemetry.appendMove(entry, (fault) => {
        // Refused by a server that stops: the next start says it again.
        if (fault === undefined) resolve();
      });
    });
  }

  async #untilDone(order: store.OrderRow): Promise<void> {
    const { registry } = this.#ports;
    let { stage } = order;
    while (!this.#closed) {
      try {
        // Erased since, or in a database that was restored: its rows go, and this with them.
        if (!registry.subjects.has(order.from_subject_id)) return registry.moves.end(order.id);
        if (stage === 'moving' && !(await this.#move(order))) return;
        // Not again: what has arrived holds nobody's key any more, and whose it was may be erased.
        stage = 'telling';
        await this.#tell(order);
        this.#begun.delete(order.id);
        return;
      } catch (error) {
        // The lane is another server's, and so is the rest of this.
        if (error instanceof TakenOver) return;
        this.#ports.onProblem('move readings to their subject', error);
        await new Promise<void>((resolve) => this.#ports.after(RETRY_MS, resolve));
      }
    }
  }

  /** False when the rest is the next start's. */
  async #move(order: store.OrderRow): Promise<boolean> {
    const { sql, registry, telemetry, nowMs, onMoved } = this.#ports;
    const move = moveOf(order);
    await Promise.race([this.#logged.get(move.id), this.#closing.promise]);
    if (this.#closed) return false;
    // From here on no replay will bring back what was placed by the old history.
    if (!(await telemetry.flushedSoFar())) return false;
    await this.#moveAll(move);
    if (this.#closed) return false;
    await store.writeStage(sql, { id: order.id, stage: 'telling', atMs: nowMs() });
    await this.#recall(move);
    registry.moves.end(move.id);
    this.#logged.delete(move.id);
    for (const id of [move.fromSubjectId, move.toSubjectId]) onMoved(id);
    return true;
  }

  async #tell(order: store.OrderRow): Promise<void> {
    const { sql, registry, nowMs } = this.#ports;
    const moved = await store.writeStage(sql, { id: order.id, stage: 'telling', atMs: nowMs() });
    if (moved !== undefined && moved > 0) {
      registry.moves.arrivedMs.set(order.to_subject_id, order.ordered_ms);
      if (!this.#recent.some(({ id }) => id === order.id)) this.#recent.push(order);
      await this.#ports.noteMoved(moveOf(order));
      await tellOf(this.#ports, { ...moveOf(order), orderedMs: order.ordered_ms });
    }
    await store.writeStage(sql, { id: order.id, stage: 'done', atMs: nowMs() });
  }

  async #moveAll(move: MoveUnderWay): Promise<void> {
    const { registry, telemetry, pause } = this.#ports;
    const ports = telemetry.movePorts;
    const onArrival: NoteArrival = (tx, values) => store.addMoved(tx, move.id, values);
    const placement = registry.placementOf(move.toSubjectId);
    for (const from of this.#seriesOf(move)) {
      const stamps = registry.offsetsOf(from).stampsWithin(move);
      const twin = async () => placement && (await registry.provideTwin(from, placement));
      let after: Parameters<typeof moveChunks>[2]['after'];
      do {
        after = await moveChunks(ports, { from, twin, stamps }, { after, onArrival });
        await pause();
      } while (after !== undefined && !this.#closed);
    }
    for (let after: string | undefined = ''; after !== undefined && !this.#closed; ) {
      after = await moveEvents(ports, move, { after, onArrival });
    }
    for (let after: string | undefined = ''; after !== undefined && !this.#closed; ) {
      after = await moveParked(ports, move, after);
    }
  }

  /** Both sides know their last reading again. */
  async #recall(move: MoveUnderWay): Promise<void> {
    const { registry, telemetry } = this.#ports;
    const device = registry.devices.get(move.deviceId);
    for (const from of this.#seriesOf(move)) {
      const to = device?.seriesOf(move.toSubjectId, from.metric, from.epoch);
      for (const series of to === undefined ? [from] : [from, to]) {
        await recallOne(telemetry.queryPorts, series);
      }
    }
  }

  /** What is left goes on at the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#closing.resolve();
    await this.#working;
  }
}

function moveOf(order: store.OrderRow): MoveUnderWay {
  return {
    id: order.id,
    deviceId: order.device_id,
    fromSubjectId: order.from_subject_id,
    toSubjectId: order.to_subject_id,
    fromMs: order.from_ms,
    untilMs: order.until_ms ?? Number.POSITIVE_INFINITY,
  };
}
