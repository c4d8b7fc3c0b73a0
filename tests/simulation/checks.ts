/**
 * What must always hold. The cheap ones are looked at after every step, the full ones when a server
 * has come back, after a flush and an erasure, and at the end.
 */
import type { SubjectId } from '@ausculta/vitals/identity';
import { ALL_TIME } from '../../apps/server/src/telemetry/merge.ts';
import { checkFact, isOwner, isSteadyFact, stampNames } from './fact-checks.ts';
import { readAll } from './found.ts';
import { readingKey } from './ledger.ts';
import { checkMemory } from './memory-check.ts';
import { VITALS } from './monitor.ts';
import { checkRecounts } from './recounts.ts';
import type { Server } from './server-life.ts';
import type { World } from './world.ts';

export function checkStep(world: World): void {
  const { server } = world;
  if (server === undefined) return;
  const { registry, telemetry, vault } = server;
  const { heads } = telemetry;
  checkMemory(world, server);
  if (heads.unflushed.total < 0) world.violate('less than nothing is unflushed');
  const subjects = [...registry.subjects.keys()];
  if (subjects.length > 0) {
    const subjectId = world.chance.of(subjects);
    for (const { series, last } of telemetry.latest(subjectId)) {
      if (series.subjectId !== subjectId) world.violate('the last reading of somebody else');
      const fact = world.ledger.facts.get(
        readingKey(series.deviceId, series.metric.key, last.value),
      );
      if (fact === undefined) world.violate(`a last value that nobody measured: ${last.value}`);
      else if (!fact.isParked && !world.wearing.isActing(series.deviceId)) {
        const where = { subjectId, timeMs: last.timeMs };
        if (isSteadyFact(world, fact) && !isOwner(world, fact, where))
          world.violate(`the last value of ${subjectId} is another’s: ${fact.key}`);
      }
    }
  }
  for (const subjectId of world.erasing.keys()) {
    if (!world.keyDisk.isShredded(subjectId)) continue;
    if (vault.sealOf(subjectId) !== undefined)
      world.violate(`${subjectId} is erased and has a key`);
    if (telemetry.latest(subjectId as SubjectId).length > 0)
      world.violate(`${subjectId} is erased and has readings`);
  }
}

export async function checkAll(world: World, server: Server): Promise<void> {
  world.isChecking = true;
  try {
    const { found, ranges } = await readAll(world, server);
    const taken = stampNames(world, found.values());
    for (const fact of world.ledger.facts.values()) {
      checkFact(world, fact, { found: found.get(fact.key) ?? NOWHERE, taken });
    }
    checkAlarms(world, server);
    await checkErased(world, server);
    if (world.violations.length === 0) await checkRecounts(world, server, ranges);
  } finally {
    world.isChecking = false;
  }
}

const NOWHERE: readonly never[] = [];

/**
 * What is written of an alarm stays, and what was told in this life. A delay that ran out in silence
 * runs out again after a restart, once somebody looks.
 */
function checkAlarms(world: World, { alarms, life }: Server): void {
  const known = new Map(
    alarms.all(() => true).map((view) => [`${view.subjectId}/${view.id}`, view.openedMs]),
  );
  for (const [key, told] of world.ledger.alarms) {
    if (world.keyDisk.isShredded(told.subjectId)) continue;
    if (told.life !== life && !world.database.tables.alarms.has(key)) continue;
    const knownMs = known.get(key);
    if (knownMs === undefined) world.violate(`the alarm ${key} is lost`);
    else if (knownMs !== told.openedMs) world.violate(`the alarm ${key} began at another time`);
  }
}

/** That nothing comes is judged by the clock, while the server listens: a replay cannot know it. */
const BY_CLOCK = /^technical\/(.*\/)?(no-data|leads-off)/;

/**
 * At the end: whatever a reading has raised, in whichever life. Not where the server's clock was set
 * back: a delay that has to run out in silence then runs longer than this run does.
 */
export function checkEveryAlarm(world: World, { alarms }: Server): void {
  if (world.hasServerClockJumped) return;
  const known = new Set(alarms.all(() => true).map((view) => `${view.subjectId}/${view.id}`));
  for (const [key, { subjectId, id }] of world.ledger.alarms) {
    if (world.keyDisk.isShredded(subjectId) || BY_CLOCK.test(id)) continue;
    if (!known.has(key) && !isToldByAnother(world, { subjectId, id }))
      world.violate(`the alarm ${key} is lost for good`);
  }
}

/**
 * A condition that comes back to an alarm that is still owed is that alarm, and so is a breach of the past in
 * the same minute as another. What is raised from memory, while the log is away, can be told under a name of
 * its own before the log tells what came earlier: whoever replays it calls both by the earlier one.
 */
function isToldByAnother(
  { database: { tables } }: World,
  { subjectId, id }: { subjectId: string; id: string },
): boolean {
  const [episode, atMs] = partsOf(id);
  const isSameMinute = (ms: number): boolean => minuteOf(ms) === minuteOf(atMs);
  for (const { subject_id, alarm_id, what } of tables.transitions.values()) {
    const [of, openedMs] = partsOf(alarm_id);
    if (subject_id !== subjectId || of !== episode) continue;
    if (what === `returned@${atMs}` || (what === 'passed' && isSameMinute(openedMs))) return true;
    if (what.startsWith('passed@') && isSameMinute(partsOf(what)[1])) return true;
  }
  return false;
}

const minuteOf = (ms: number): number => Math.floor(ms / 60_000);

/** What is told, and since when. */
function partsOf(name: string): [string, number] {
  const at = name.lastIndexOf('@');
  return [name.slice(0, at), Number(name.slice(at + 1))];
}

async function checkErased(world: World, { telemetry, registry, erasure }: Server): Promise<void> {
  for (const [subjectId, organisationId] of world.erasing) {
    if (!world.keyDisk.isShredded(subjectId)) continue;
    if (registry.subjects.has(subjectId as SubjectId))
      world.violate(`${subjectId} is erased and known`);
    const question = { subjectId: subjectId as SubjectId, unreadable: [], ...ALL_TIME };
    const ranges = await telemetry.range({ ...question, metrics: [...VITALS] });
    const runs = await telemetry.waveforms({ ...question, metrics: ['ecg-ii'] });
    if (ranges.length + runs.length > 0) world.violate(`${subjectId} is erased and is read`);
    const who = { organisationId, accountId: undefined };
    const isSwept = erasure.of(who, subjectId)?.rowsRemoved === true;
    // A second server may still write what it holds: its next start takes it out.
    if (isSwept && !world.hasBeenTakenOver) checkRows(world, subjectId);
  }
}

function checkRows(world: World, subjectId: string): void {
  const left = world.database.tables.tablesWith(subjectId);
  if (left.length > 0) world.violate(`${subjectId} is erased and has rows in ${left.join(', ')}`);
}

/** At the very end nothing of an erased subject is left in any table. */
export function checkSwept(world: World): void {
  for (const subjectId of world.erasing.keys()) {
    if (world.keyDisk.isShredded(subjectId)) checkRows(world, subjectId);
  }
}
