/** Questions that are asked while everything goes on: their answers hold what was promised before. */
import type { SubjectId } from '@ausculta/vitals/identity';
import { ALL_TIME } from '../../apps/server/src/telemetry/merge.ts';
import { readingKey } from './ledger.ts';
import { VITALS } from './monitor.ts';
import type { World } from './world.ts';

export function askAnything(world: World): void {
  const { server, ledger, scheduler, chance } = world;
  const subjects = [...(server?.registry.subjects.keys() ?? [])];
  if (server === undefined || subjects.length === 0) return;
  const subjectId: SubjectId = chance.of(subjects);
  const owed = [...ledger.facts.values()].filter(
    ({ kind, isPromised, isParked, places }) =>
      kind === 'reading' && isPromised && !isParked && isOnlyWith(places, subjectId),
  );
  scheduler.note(`ask for ${owed.length} readings`);
  const question = { subjectId, unreadable: [], metrics: [...VITALS], ...ALL_TIME };
  server.telemetry.range(question).then(
    (ranges) => {
      if (!server.life.isAlive || world.keyDisk.isShredded(subjectId)) return;
      const found = new Set<string>();
      const taken = new Set<string>();
      for (const { series, values, stampsMs } of ranges) {
        if (series.subjectId !== subjectId) world.violate('an answer holds what is another’s');
        for (const [i, value] of values.entries()) {
          found.add(readingKey(series.deviceId, series.metric.key, value));
          taken.add(`${series.id}@${stampsMs[i]}`);
        }
      }
      for (const { key, places } of owed) {
        if (found.has(key) || places.some((one) => taken.has(`${one.seriesId}@${one.stampMs}`)))
          continue;
        world.violate(`${key} was acknowledged, and a question that came later did not find it`);
      }
    },
    (error: unknown) => world.onProblem(server.life, 'ask', error),
  );
}

function isOnlyWith(places: readonly { subjectId: string }[], subjectId: string): boolean {
  return places.length > 0 && places.every((place) => place.subjectId === subjectId);
}
