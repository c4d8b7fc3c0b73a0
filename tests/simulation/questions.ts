/** Questions that are asked while everything goes on: their answers hold what was promised before. */
import type { SubjectId } from '@ausculta/vitals/identity';
import { ALL_TIME, type SeriesRange } from '../../apps/server/src/telemetry/merge.ts';
import { isOwner, isSteadyFact } from './fact-checks.ts';
import { type Fact, readingKey } from './ledger.ts';
import { VITALS } from './monitor.ts';
import type { Server } from './server-life.ts';
import type { World } from './world.ts';

export function askAnything(world: World): void {
  const { server, scheduler, chance } = world;
  const subjects = [...(server?.registry.subjects.keys() ?? [])];
  if (server === undefined || subjects.length === 0) return;
  const subjectId: SubjectId = chance.of(subjects);
  const owed = owedTo(world, subjectId);
  scheduler.note(`ask for ${owed.length} readings`);
  // Whoever was said to wear a device meanwhile is not told by the answer.
  const changes = new Map(
    world.monitors.map(({ kind }) => [kind.id as string, changesOf(world, kind.id)]),
  );
  const isSame = (deviceId: string): boolean => {
    const before = changes.get(deviceId);
    return before !== undefined && before === changesOf(world, deviceId);
  };
  ask(server, subjectId, chance.happens(0.5)).then(
    (ranges) => {
      if (!server.life.isAlive || world.keyDisk.isShredded(subjectId)) return;
      check(world, { subjectId, ranges, isSame, owed });
    },
    (error: unknown) => world.onProblem(server.life, 'ask', error),
  );
}

/** Undefined while somebody says who wears it. */
function changesOf({ wearing }: World, deviceId: string): number | undefined {
  return wearing.isActing(deviceId) ? undefined : wearing.changesOf(deviceId);
}

async function ask(
  server: Server,
  subjectId: SubjectId,
  inWindows: boolean,
): Promise<readonly SeriesRange[]> {
  const question = { subjectId, unreadable: [], metrics: [...VITALS], ...ALL_TIME };
  if (!inWindows) return await server.telemetry.range(question);
  const found: SeriesRange[] = [];
  for await (const ranges of server.telemetry.windows({ ...question, newestFirst: true }))
    found.push(...ranges);
  return found;
}

function owedTo(world: World, subjectId: SubjectId): Fact[] {
  const { wearing, ledger } = world;
  const settled = new Set(
    world.monitors.map(({ kind }) => kind.id as string).filter((id) => wearing.isSettled(id)),
  );
  return [...ledger.facts.values()].filter(
    (fact) =>
      fact.kind === 'reading' &&
      fact.isPromised &&
      !fact.isParked &&
      !fact.isLost &&
      settled.has(fact.deviceId) &&
      (isSteadyFact(world, fact)
        ? wearing.ownerAt(fact.deviceId, fact.trueMs) === subjectId
        : isOnly(wearing.carriersOf(fact), subjectId)),
  );
}

function isOnly(carriers: ReadonlySet<string>, subjectId: string): boolean {
  return carriers.size === 1 && carriers.has(subjectId);
}

interface Answer {
  readonly subjectId: SubjectId;
  readonly ranges: readonly SeriesRange[];
  /** Of this device nothing was said since the question. */
  readonly isSame: (deviceId: string) => boolean;
  readonly owed: readonly Fact[];
}

function check(world: World, { subjectId, ranges, isSame, owed }: Answer): void {
  const found = new Set<string>();
  const taken = new Set<string>();
  for (const { series, values, stampsMs, timesMs } of ranges) {
    if (series.subjectId !== subjectId) world.violate('an answer holds what is another’s');
    for (const [i, value] of values.entries()) {
      const key = readingKey(series.deviceId, series.metric.key, value);
      found.add(key);
      taken.add(`${series.deviceId} ${series.metric.key}@${stampsMs[i]}`);
      const fact = world.ledger.facts.get(key);
      if (fact === undefined || fact.isParked || !isSteadyFact(world, fact)) continue;
      const where = { subjectId, timeMs: timesMs[i] as number };
      if (isSame(series.deviceId) && !isOwner(world, fact, where))
        world.violate(`${key} is another’s, and an answer of ${subjectId} holds it`);
    }
  }
  for (const { key, places, deviceId } of owed) {
    const [metric] = key.slice(deviceId.length + 1).split(' ');
    const isTaken = places.some(({ stampMs }) => taken.has(`${deviceId} ${metric}@${stampMs}`));
    if (found.has(key) || isTaken || !isSame(deviceId)) continue;
    world.violate(`${key} was acknowledged, and a question that came later did not find it`);
  }
}
