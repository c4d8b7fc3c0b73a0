/**
 * What must always hold. The cheap ones are looked at after every step, the full ones when a server
 * has come back, after a flush and an erasure, and at the end.
 */
import type { UnreadablePart } from '@ausculta/contract/readings';
import type { SubjectId } from '@ausculta/vitals/identity';
import { FIRST_EVENTS } from '../../apps/server/src/telemetry/events.ts';
import { eventKey, type Fact, readingKey, runKey } from './ledger.ts';
import { VITALS } from './monitor.ts';
import type { Server } from './server-life.ts';
import type { World } from './world.ts';

const ALL_TIME = { fromMs: -8.64e15, toMs: 8.64e15 };

/** A run continues the last one when it starts within 1 ms and half a sample, which here is 2 ms. */
const RUN_WITHIN_MS = 3;

/** Where something was found when everything was read. */
export interface Found {
  readonly subjectId: string;
  readonly seriesId: number | undefined;
  readonly stampMs: number;
  readonly timeMs: number;
}

export function checkStep(world: World): void {
  const { server } = world;
  if (server === undefined) return;
  const { registry, telemetry, vault } = server;
  const { heads } = telemetry;
  if (heads.unflushed < 0) world.violate('less than nothing is unflushed');
  const subjects = [...registry.subjects.keys()];
  if (subjects.length > 0) {
    const subjectId = world.chance.of(subjects);
    for (const { series, last } of telemetry.latest(subjectId)) {
      if (series.subjectId !== subjectId) world.violate('the last reading of somebody else');
      const fact = world.ledger.facts.get(
        readingKey(series.deviceId, series.metric.key, last.value),
      );
      if (fact === undefined) world.violate(`a last value that nobody measured: ${last.value}`);
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
    const found = await readAll(world, server);
    const taken = new Set([...found.values()].flat().map(stampKey));
    for (const fact of world.ledger.facts.values()) {
      checkFact(world, fact, { found: found.get(fact.key) ?? [], taken });
    }
    checkAlarms(world, server);
    await checkErased(world, server);
  } finally {
    world.isChecking = false;
  }
}

/** Everything that can be read, by what it is. What nobody measured is told at once. */
async function readAll(world: World, server: Server): Promise<Map<string, Found[]>> {
  const found = new Map<string, Found[]>();
  for (const subject of [...server.registry.subjects.values()]) {
    await readSubject(world, server, subject.id, (key, where) => {
      const fact = world.ledger.facts.get(key);
      if (fact === undefined) return world.violate(`nobody measured what is stored as ${key}`);
      const known = found.get(key);
      if (known === undefined) found.set(key, [where]);
      else known.push(where);
    });
  }
  return found;
}

type Note = (key: string, where: Found) => void;

async function readSubject(
  world: World,
  server: Server,
  subjectId: SubjectId,
  note: Note,
): Promise<void> {
  const { telemetry, registry } = server;
  const unreadable: UnreadablePart[] = [];
  const question = { subjectId, unreadable, ...ALL_TIME };
  for (const range of await telemetry.range({ ...question, metrics: [...VITALS] })) {
    const { series, stampsMs, timesMs, values } = range;
    if (series.subjectId !== subjectId) world.violate(`readings of ${series.subjectId} were given`);
    for (const [i, value] of values.entries()) {
      const key = readingKey(series.deviceId, series.metric.key, value);
      const [stampMs, timeMs] = [stampsMs[i] as number, timesMs[i] as number];
      note(key, { subjectId, seriesId: series.id, stampMs, timeMs });
    }
  }
  const deviceIds = new Map(
    registry.seriesOfSubject(subjectId).map(({ id, deviceId }) => [deviceId, id]),
  );
  for (const run of await telemetry.waveforms({ ...question, metrics: ['ecg-ii'] })) {
    noteRun(run, { subjectId, seriesId: undefined }, note, deviceIds.keys().next().value ?? '');
  }
  if (unreadable.length > 0) world.violate(`chunks of ${subjectId} do not open`);
  const organisationId = registry.subjects.get(subjectId)?.organisationId;
  if (organisationId === undefined) return;
  const asked = { organisationId, after: FIRST_EVENTS, limit: 1_000_000, ...question };
  for (const { id, time, stamp } of (await telemetry.events(asked)).events) {
    const timeMs = Date.parse(time);
    const stampMs = Date.parse(stamp ?? time);
    note(eventKey(id), { subjectId, seriesId: undefined, stampMs, timeMs });
  }
}

/** Runs are joined: one is known by its first sample, which is a multiple of how many it has. */
function noteRun(
  run: { startMs: number; samples: Int32Array; rate: { numerator: number; denominator: number } },
  where: Pick<Found, 'subjectId' | 'seriesId'>,
  note: Note,
  deviceId: string,
): void {
  const sampleMs = (1000 * run.rate.denominator) / run.rate.numerator;
  for (const [i, sample] of run.samples.entries()) {
    const timeMs = run.startMs + i * sampleMs;
    const first = sample - (sample % 25);
    if (sample === first) note(runKey(deviceId, first), { ...where, stampMs: timeMs, timeMs });
    else note(`${runKey(deviceId, first)}`, { ...where, stampMs: Number.NaN, timeMs });
  }
}

const stampKey = ({ seriesId, stampMs }: Pick<Found, 'seriesId' | 'stampMs'>): string =>
  `${seriesId}@${stampMs}`;

function checkFact(
  world: World,
  fact: Fact,
  { found, taken }: { found: readonly Found[]; taken: ReadonlySet<string> },
): void {
  const { key, isPromised, isParked, places } = fact;
  const living = places.filter(({ subjectId }) => !world.keyDisk.isShredded(subjectId));
  for (const { subjectId } of found) {
    if (!places.some((place) => place.subjectId === subjectId))
      world.violate(`${key} was never placed with ${subjectId}, and is there`);
  }
  const copies = fact.kind === 'run' ? found.length / fact.samples : found.length;
  const isSteady = isSteadyFact(world, fact);
  if (isSteady && copies > 1) world.violate(`${key} is there ${copies} times`);
  const { correction } = fact;
  if (correction !== undefined) {
    const isCorrected = correction.isPromised && !correction.isParked;
    if (isSteady && isCorrected && copies > 0) world.violate(`${key} was corrected, and is read`);
  } else if (isPromised && isOwed(world, fact, living.length) && copies < 1) {
    // A clock that went back says a stamp twice: the later received is read.
    const isSuperseded = living.some((place) => taken.has(stampKey(place)));
    if (isSteady || !isSuperseded)
      world.violate(`${key} was acknowledged, and is there ${copies} times`);
  }
  if (!isSteady || isParked) return;
  for (const { timeMs, stampMs } of found) {
    const isRough = fact.kind === 'run';
    if (isRough && Number.isNaN(stampMs)) continue;
    if (Math.abs(timeMs - fact.trueMs) > (isRough ? RUN_WITHIN_MS : 0))
      world.violate(`${key} was measured at ${fact.trueMs} and is read at ${timeMs}`);
  }
}

/** What was acknowledged is read, unless its subject is erased or a person has to place it. */
function isOwed(world: World, fact: Fact, livingPlaces: number): boolean {
  if (!fact.isParked) return livingPlaces > 0 && livingPlaces === fact.places.length;
  // With a subject what was parked of its devices goes as well.
  if (world.erasing.size > 0) return false;
  return !world.database.tables.parked.has(`${fact.deviceId}/${fact.contentId}`);
}

/** Of a clock that was right all the time, and was believed to be. */
function isSteadyFact(world: World, { deviceId }: Fact): boolean {
  const monitor = world.monitors.find(({ kind }) => kind.id === deviceId);
  if (monitor?.isSteady !== true || monitor.kind.skewMs !== 0 || world.hasServerClockJumped)
    return false;
  for (const { device_id, offset_ms } of world.database.tables.offsets.values()) {
    if (device_id === deviceId && offset_ms !== 0) return false;
  }
  return true;
}

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
    if (!known.has(key)) world.violate(`the alarm ${key} is lost for good`);
  }
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
