/**
 * One life of the server: the real parts, wired as server.ts wires them, on the edges of the world.
 * Whoever changes what server.ts hands to these parts changes it here too.
 */
import type { AlarmView } from '@ausculta/contract/alarms';
import type { SubjectId } from '@ausculta/vitals/identity';
import { AlarmBook } from '../../apps/server/src/alarms/book.ts';
import type { InLane, Sql } from '../../apps/server/src/database/pool.ts';
import { Registry } from '../../apps/server/src/devices/registry.ts';
import type { IntakePorts } from '../../apps/server/src/doors/intake.ts';
import { Erasure } from '../../apps/server/src/erasure/erasure.ts';
import { LegalHolds } from '../../apps/server/src/erasure/holds.ts';
import { readErasures } from '../../apps/server/src/erasure/store.ts';
import { parkedKeyOf } from '../../apps/server/src/parked/parked-key.ts';
import { Parking } from '../../apps/server/src/parked/parking.ts';
import type { Acts } from '../../apps/server/src/reattribution/acts.ts';
import { openWearing, type Wearing } from '../../apps/server/src/reattribution/open-wearing.ts';
import { DiskReserve } from '../../apps/server/src/status/disk-reserve.ts';
import { Health, watchHealth } from '../../apps/server/src/status/health.ts';
import { LOG_KEPT_MS } from '../../apps/server/src/telemetry/flushing.ts';
import { holdLane, inLaneOf, PostgresLog } from '../../apps/server/src/telemetry/postgres-log.ts';
import { Telemetry } from '../../apps/server/src/telemetry/telemetry.ts';
import type { Vault } from '../../apps/server/src/vault/vault.ts';
import { type Edges, edgesOf } from './edges.ts';
import { contentIdOf } from './ledger.ts';
import type { Life } from './scheduler.ts';
import type { World } from './world.ts';

export interface Server {
  readonly life: Life;
  readonly vault: Vault;
  readonly registry: Registry;
  readonly alarms: AlarmBook;
  readonly telemetry: Telemetry;
  readonly erasure: Erasure;
  readonly acts: Acts;
  readonly intake: IntakePorts;
  readonly nowMs: () => number;
  /** Stops in order: what was accepted becomes durable, and all of it chunks. */
  readonly close: () => Promise<void>;
}

/** So few that a flush of everything has several turns. */
const SERIES_A_TURN = 4;
const RESERVE_BYTES = 1_000;

type Engine = Pick<Server, 'life' | 'vault' | 'registry' | 'alarms' | 'telemetry'> & {
  readonly sql: Sql;
  readonly inLane: InLane;
  readonly edges: Edges;
  readonly health: Health;
};

export async function startLife(world: World, life: Life): Promise<Server> {
  const engine = await openEngine(world, life);
  const { vault, registry, alarms, telemetry, health, edges } = engine;
  const parking = await openParking(world, engine);
  const { holds, erasure } = await openErasure(engine, parking);
  const { acts, reattribution } = await openWearers(world, engine, holds);
  const { nowMs, every, onProblem } = edges;
  const freeBytesAt = async (): Promise<number> => world.freeBytes;
  const outside = { nowMs, every, onProblem, freeBytesAt };
  const stopWatching = watchHealth({ health, telemetry, alarms, places: ['the disk'], outside });
  const close = async (): Promise<void> => {
    stopWatching();
    await reattribution.close();
    erasure.close();
    await telemetry.close();
  };
  const intake = intakeOf(world, engine, parking);
  return { life, vault, registry, alarms, telemetry, erasure, acts, intake, nowMs, close };
}

async function openEngine(world: World, life: Life): Promise<Engine> {
  const { chance, database, scheduler } = world;
  const sql = database.connect(life);
  const edges = edgesOf(world, life);
  const { mayDie, every: _, ...ports } = edges;
  const erasures = (await readErasures(sql)).map((row) => ({
    subjectId: row.subject_id,
    atMs: row.erased_ms,
    receipt: { signed: row.signed, signature: row.signature },
  }));
  const vault = await world.keyDisk.open(chance, mayDie, erasures);
  const owner = await PostgresLog.takeOver(sql);
  const onTakenOver = (): void => world.kill(life, 'taken over');
  const inLane = inLaneOf(sql, { owner, onTakenOver });
  const registry = await Registry.load({ sql, inLane, keys: vault });
  const alarms = await AlarmBook.open({
    ...ports,
    sql,
    holdLane: (tx) => holdLane(tx, owner),
    sealOf: vault.sealOf,
    registry,
    onTakenOver,
  });
  alarms.onChange((_subjectId, alarm: AlarmView) => {
    scheduler.note(`${alarm.notYetStored ? 'not yet stored: ' : ''}alarm ${alarm.id}`);
    world.ledger.noteAlarm(alarm, life);
  });
  const health = new Health(new DiskReserve(RESERVE_BYTES));
  const telemetry = await Telemetry.open({
    ...ports,
    sql,
    read: (organisationId, work) =>
      database
        .connect(life, { organisationId, isInstant: world.isChecking })
        .begin((tx) => work(tx)) as never,
    sealOf: vault.sealOf,
    logKeys: vault,
    owner,
    registry,
    watchTime: (atMs) => alarms.watchTime(atMs),
    evaluate: (arrival) => alarms.evaluate(arrival),
    watchRun: (arrival) => alarms.watchRun(arrival),
    watchEvent: (entry) => alarms.watchEvent(entry),
    watchMove: (entry) => alarms.watchMove(entry),
    watchCare: (entry) => alarms.watchCare(entry),
    snapshotDetectors: (span) => alarms.snapshot(span),
    settleAlarms: () => alarms.settle(),
    memoryBytes: world.memoryBytes,
    seriesATurn: SERIES_A_TURN,
    mayWrite: () => !health.disk.isReached,
    onProblem: (what, error) => {
      health.noteFailure(error);
      ports.onProblem(what, error);
    },
    onTakenOver,
  });
  return { life, sql, inLane, edges, vault, registry, alarms, telemetry, health };
}

function openParking({ chance }: World, { sql, registry, vault }: Engine): Promise<Parking> {
  return Parking.open({ sql, keyOf: parkedKeyOf(registry, vault), newId: chance.newId });
}

function intakeOf(
  world: World,
  { life, edges, registry, telemetry, alarms, health }: Engine,
  parking: Parking,
): IntakePorts {
  return {
    append: (entries, onDurable) => {
      world.ledger.notePlaced(entries);
      world.checkPlaced(entries, life);
      telemetry.append(entries, onDurable);
    },
    registry,
    parking,
    contentId: contentIdOf,
    isFull: () => health.isFull,
    pressure: () => telemetry.memory.pressure,
    watchRefused: (entries) => alarms.evaluateRefused(entries),
    onProblem: edges.onProblem,
  };
}

async function openErasure(
  { sql, inLane, edges, vault, registry, telemetry, alarms }: Engine,
  parking: Parking,
): Promise<{ holds: LegalHolds; erasure: Erasure }> {
  const { nowMs, after, onProblem } = edges;
  const holds = await LegalHolds.open({ sql, inLane, keys: vault });
  const forget = async (subjectId: SubjectId): Promise<void> => {
    alarms.forget(subjectId);
    await telemetry.forget(subjectId);
    await alarms.settle();
    await parking.settle();
    await registry.settle();
  };
  const ports = { sql, vault, registry, holds, forget, logKeptMs: LOG_KEPT_MS };
  return { holds, erasure: new Erasure({ ...ports, nowMs, after, onProblem }) };
}

function openWearers(
  { chance: { newId } }: World,
  { sql, inLane, edges, vault, registry, telemetry, alarms }: Engine,
  holds: LegalHolds,
): Promise<Wearing> {
  const { nowMs, after, pause, onProblem } = edges;
  const outside = { nowMs, after, pause, onProblem, newId };
  const { organisationSeal } = vault;
  const engineOf = { sql, inLane, registry, telemetry, alarms, holds, organisationSeal };
  const told = {
    onMoved: () => undefined,
    noteMoved: () => Promise.resolve(),
    onWorn: () => undefined,
  };
  return openWearing({ ...outside, ...engineOf, ...told });
}
