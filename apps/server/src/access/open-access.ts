/** The room as a whole, over what the rest of the server knows of who is cared for. */
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Bed } from '../admissions/bed.ts';
import type { Census } from '../admissions/census.ts';
import type { AlarmBook } from '../alarms/book.ts';
import type { Sql } from '../database/pool.ts';
import type { Registry } from '../devices/registry.ts';
import { Gate } from './gate.ts';
import { utcOffsetIn } from './house-clock.ts';
import { Standing } from './standing.ts';
import { Viewers } from './viewers.ts';

export interface AccessPorts {
  readonly sql: Sql;
  readonly registry: Pick<Registry, 'subjects'>;
  readonly alarms: Pick<AlarmBook, 'openOf'>;
  readonly census: Census;
  readonly nowMs: () => number;
  /** Where the house is; undefined: nobody has said. */
  readonly timeZone?: string | undefined;
}

/** Where nobody has said under whose law data lie (ISO 3166-1: for the user to assign): nowhere else either. */
const NO_JURISDICTION = 'ZZ';

export async function openAccess(ports: AccessPorts): Promise<Viewers> {
  const { sql, registry, alarms, census, nowMs, timeZone } = ports;
  const standing = await Standing.load(sql, nowMs());
  const subjectOf = (id: SubjectId) => registry.subjects.get(id);
  const gate = new Gate({
    standing,
    nowMs,
    jurisdiction: NO_JURISDICTION,
    utcOffsetMinutes: timeZone === undefined ? undefined : utcOffsetIn(timeZone),
    unitOf: placesOfPeople(census, registry),
    isInvented: (id) => subjectOf(id)?.identity.invented === true,
    isAlarmOwed: (id) => alarms.openOf(id).some(({ episode }) => episode === 'raised'),
    recordsOf: (id) => recordsOf(census, id),
    organisationOf: (id) => subjectOf(id)?.organisationId,
    *subjectsOf(organisationId) {
      for (const subject of registry.subjects.values())
        if (subject.organisationId === organisationId) yield subject.id;
    },
  });
  return new Viewers(gate);
}

/** The ward where somebody lies; undefined: nowhere that we know. */
export function placesOfPeople(
  census: Pick<Census, 'of' | 'usedFor'>,
  { subjects }: Pick<Registry, 'subjects'>,
): (subjectId: SubjectId) => string | undefined {
  const unitOf = (id: SubjectId): string | undefined =>
    census.of(id)?.place?.bed.unit.trim() || subjects.get(id)?.identity.ward;
  // Of a merged record as of the one that goes on: its alarms stay where they were raised.
  return (id) => unitOf(census.usedFor(id)) || unitOf(id);
}

/** The bed of whoever lies in one; in parts that nobody has said it is empty. */
export function bedsOfPeople(
  census: Pick<Census, 'of' | 'usedFor'>,
  { subjects }: Pick<Registry, 'subjects'>,
): (subjectId: SubjectId) => Bed {
  return (id) => {
    const used = census.usedFor(id);
    const said = census.of(used)?.place?.bed;
    const { ward = '', bed = '' } = subjects.get(used)?.identity ?? {};
    return said ?? { unit: ward, room: '', bed, facility: '' };
  };
}

/** Of one person: the record that is used, and those that were merged into it, and into them. */
function recordsOf(census: Census, id: SubjectId): readonly SubjectId[] {
  const found = new Set<SubjectId>([id, census.usedFor(id)]);
  for (const one of found) for (const behind of census.mergedInto(one)) found.add(behind);
  return [...found];
}
