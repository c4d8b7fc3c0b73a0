/** What was measured is read once, at its time, in the record of who wore the device then. */
import type { Found } from './found.ts';
import type { Fact } from './ledger.ts';
import { SAMPLE_MS } from './monitor.ts';
import type { World } from './world.ts';

/** A run continues the last one when it starts within 1 ms and half a sample, which here is 2 ms. */
const RUN_WITHIN_MS = 3;

/** The places of one stamp are one reading. Whoever has the series: readings change hands. */
export function stampNames(world: World, found: Iterable<readonly Found[]>): ReadonlySet<string> {
  const names = new Set<string>();
  for (const places of found) {
    for (const { seriesId, stampMs } of places) {
      if (seriesId !== undefined) names.add(stampName(world, seriesId, stampMs));
    }
  }
  return names;
}

function stampName(world: World, seriesId: number | undefined, stampMs: number): string {
  return `${world.database.tables.seriesNames.get(seriesId ?? -1)}@${stampMs}`;
}

export function checkFact(
  world: World,
  fact: Fact,
  { found, taken }: { found: readonly Found[]; taken: ReadonlySet<string> },
): void {
  const isSteady = isSteadyFact(world, fact);
  const copies = copiesIn(found, fact);
  if (found.length > 0) checkWhose(world, fact, { found, isSteady });
  const owned = found.filter((piece) => !isLeftOver(world, fact, piece));
  if (isSteady && copiesIn(owned, fact) > 1)
    world.violate(`${fact.key} is there ${copiesIn(owned, fact)} times`);
  const { correction } = fact;
  if (correction !== undefined) {
    const isCorrected = correction.isPromised && !correction.isParked;
    if (isSteady && isCorrected && copies > 0)
      world.violate(`${fact.key} was corrected, and is read`);
  } else if (copies < 1 && isOwed(world, fact, isSteady)) {
    // A clock that went back says a stamp twice: the later received is read.
    const isSuperseded = fact.places.some(({ seriesId, stampMs }) =>
      taken.has(stampName(world, seriesId, stampMs)),
    );
    if (isSteady || !isSuperseded)
      world.violate(`${fact.key} was acknowledged, and is there ${copies} times`);
  }
  if (isSteady && !fact.isParked) checkTimes(world, fact, found);
}

function copiesIn(found: readonly Found[], fact: Fact): number {
  return found.reduce((sum, { samples }) => sum + samples, 0) / fact.samples;
}

/**
 * The end of a run that was cut where its device was taken off: of what nobody wears nothing is moved,
 * though the whole run, sent again, is placed by where it begins.
 */
function isLeftOver(
  { wearing }: World,
  fact: Fact,
  { subjectId, timeMs, skipped }: Found,
): boolean {
  if (skipped === 0 || wearing.ownerAt(fact.deviceId, timeMs) !== undefined) return false;
  return wearing.carriersOf(fact).has(subjectId);
}

function checkTimes(world: World, fact: Fact, found: readonly Found[]): void {
  const withinMs = fact.kind === 'run' ? RUN_WITHIN_MS : 0;
  for (const { timeMs, skipped } of found) {
    const trueMs = fact.trueMs + skipped * SAMPLE_MS;
    if (Math.abs(timeMs - trueMs) > withinMs)
      world.violate(`${fact.key} was measured at ${trueMs} and is read at ${timeMs}`);
  }
}

/** Never another subject's: by the rows, where the clock leaves no doubt; else whoever can have it. */
function checkWhose(
  world: World,
  fact: Fact,
  { found, isSteady }: { found: readonly Found[]; isSteady: boolean },
): void {
  if (isSteady && !fact.isParked && !world.wearing.isActing(fact.deviceId)) {
    for (const piece of found) {
      if (!isOwner(world, fact, piece) && !isLeftOver(world, fact, piece))
        world.violate(`${fact.key} is another’s, and is read of ${piece.subjectId}`);
    }
    return;
  }
  const carriers = world.wearing.carriersOf(fact);
  for (const { subjectId } of found) {
    if (!carriers.has(subjectId))
      world.violate(`${fact.key} was never placed with ${subjectId}, and is there`);
  }
}

/** A run is placed by where it begins, and is cut between samples when readings change hands. */
export function isOwner(
  { wearing }: World,
  fact: Fact,
  { subjectId, timeMs }: Pick<Found, 'subjectId' | 'timeMs'>,
): boolean {
  const { kind, deviceId, trueMs } = fact;
  // Of what nobody wears is nothing moved: it came while that was being said.
  if (wearing.ownerAt(deviceId, trueMs) === undefined)
    return wearing.carriersOf(fact).has(subjectId);
  const slackMs = kind === 'run' ? RUN_WITHIN_MS + 1 : 0;
  return [trueMs, timeMs].some((atMs) =>
    [-slackMs, 0, slackMs].some((by) => wearing.ownerAt(deviceId, atMs + by) === subjectId),
  );
}

/** What was acknowledged is read, unless its subject is erased or a person has to place it. */
function isOwed(world: World, fact: Fact, isSteady: boolean): boolean {
  const { wearing, keyDisk, erasing, database } = world;
  const { isPromised, isParked, isLost, places, deviceId, trueMs } = fact;
  if (!isPromised || isLost || !wearing.isSettled(deviceId)) return false;
  if (isParked) {
    // With a subject what was parked of its devices goes as well.
    if (erasing.size > 0) return false;
    return !database.tables.parked.has(`${deviceId}/${fact.contentId}`);
  }
  if (places.length === 0) return false;
  const owner = isSteady ? wearing.ownerAt(deviceId, trueMs) : undefined;
  if (owner !== undefined) return !keyDisk.isShredded(owner);
  return [...wearing.carriersOf(fact)].every((id) => !keyDisk.isShredded(id));
}

/** Of a clock that was right all the time, and was believed to be. */
export function isSteadyFact(world: World, { deviceId }: Fact): boolean {
  return isSteadyDevice(world, deviceId);
}

export function isSteadyDevice(world: World, deviceId: string): boolean {
  const monitor = world.monitorOf(deviceId);
  if (monitor?.isSteady !== true || monitor.kind.skewMs !== 0 || world.hasServerClockJumped)
    return false;
  for (const { device_id, offset_ms } of world.database.tables.offsets.values()) {
    if (device_id === deviceId && offset_ms !== 0) return false;
  }
  return true;
}
