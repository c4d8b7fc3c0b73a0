/** Which rows a caller may see, worked out for all persons of an organisation at once. */
import type { DataClass } from '@ausculta/policy/vocabulary';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { RowsSeen } from '../database/viewing.ts';
import {
  CLASSES_OF_DOCUMENTS,
  classesOfType,
  isTypeOfHouse,
  TYPES_OF_HOUSE,
  TYPES_OF_PERSONS,
} from './document-class.ts';
import type { Asker, Gate } from './gate.ts';
import { LOOKING, type Manner } from './manner.ts';
import type { SmartLimits } from './smart-limits.ts';

export interface Scope {
  /** Undefined: all rows of the organisation. */
  readonly rows: RowsSeen | undefined;
  /** Whether documents of a type are seen, of anybody or of nobody. */
  readonly reaches: (type: string) => boolean;
}

export function scopeOf(asker: Asker, gate: Gate, manner: Manner = LOOKING): Scope {
  const ofHouse = new Set(
    TYPES_OF_HOUSE.filter((type) =>
      classesOfType(type).some((dataClass) => gate.may(asker, { action: 'read', dataClass })),
    ),
  );
  const isOpen = CLASSES_OF_DOCUMENTS.every((one) => gate.isOpenToAll(asker, manner, one));
  const classesSeen = classesSeenBy(asker, gate, manner);
  const { organisationId } = asker;
  if (isOpen) return openScope({ organisationId, classesSeen, ofHouse }, gate);
  return listedScope({ candidates: gate.candidates(asker), classesSeen, ofHouse });
}

/** What a token's scopes leave of it. */
export function withinScopes(
  scope: Scope,
  limits: SmartLimits,
  everybody: () => Iterable<SubjectId>,
): Scope {
  if (limits.showsAll) return scope;
  const { only, hidden = [] } = scope.rows ?? {};
  const all = [...TYPES_OF_PERSONS, ...TYPES_OF_HOUSE].filter(scope.reaches);
  const subjects = [...(only?.subjects ?? everybody())].filter((id) => limits.isAbout(id));
  const types = (only?.types ?? all).filter((type) => limits.reaches(type));
  const ofNobody = (only?.ofNobody ?? all).filter((type) => limits.mayBeOfNobody(type));
  return {
    rows: { only: { subjects, types, ofNobody }, hidden },
    reaches: (type) => scope.reaches(type) && limits.reaches(type),
  };
}

interface Seeing {
  readonly classesSeen: (subjectId: SubjectId) => readonly DataClass[];
  readonly ofHouse: ReadonlySet<string>;
}

/** Whoever treats everybody: all but what persons have kept back. */
function openScope(
  { organisationId, classesSeen, ofHouse }: Seeing & { readonly organisationId: OrganisationId },
  gate: Gate,
): Scope {
  const hidden = [...gate.particular(organisationId)].flatMap((id) => {
    const seen = classesSeen(id);
    return seen.length === CLASSES_OF_DOCUMENTS.length ? [] : namesOf(id, typesBeyond(seen));
  });
  return {
    rows: hidden.length === 0 ? undefined : { hidden },
    reaches: (type) => !isTypeOfHouse(type) || ofHouse.has(type),
  };
}

/** Whoever knows some: those, and of them what the relation opens. */
function listedScope({
  candidates,
  classesSeen,
  ofHouse,
}: Seeing & { readonly candidates: Iterable<SubjectId> }): Scope {
  const seenOf = new Map<SubjectId, readonly DataClass[]>();
  for (const id of candidates) {
    const seen = classesSeen(id);
    if (seen.length > 0) seenOf.set(id, seen);
  }
  const ofAny = new Set([...seenOf.values()].flat());
  const ofPersons = TYPES_OF_PERSONS.filter((type) => isSeen(type, [...ofAny]));
  const hidden = [...seenOf].flatMap(([id, seen]) =>
    seen.length === ofAny.size
      ? []
      : namesOf(
          id,
          ofPersons.filter((type) => !isSeen(type, seen)),
        ),
  );
  const types = [...ofPersons, ...ofHouse];
  const only = { subjects: [...seenOf.keys()], types, ofNobody: [...ofHouse] };
  return { rows: { only, hidden }, reaches: (type) => types.includes(type) };
}

/** Persons to whom the caller stands alike are asked for once. */
function classesSeenBy(asker: Asker, gate: Gate, manner: Manner): Seeing['classesSeen'] {
  const known = new Map<string, readonly DataClass[]>();
  return (subjectId) => {
    const likeness = gate.likenessOf(asker, subjectId);
    const same = likeness === undefined ? undefined : known.get(likeness);
    if (same !== undefined) return same;
    const seen = CLASSES_OF_DOCUMENTS.filter((dataClass) =>
      gate.seesClass(asker, manner, { dataClass, subjectId }),
    );
    if (likeness !== undefined) known.set(likeness, seen);
    return seen;
  };
}

function isSeen(type: string, classes: readonly DataClass[]): boolean {
  return classesOfType(type).some((one) => classes.includes(one));
}

const typesBeyond = (seen: readonly DataClass[]): string[] =>
  TYPES_OF_PERSONS.filter((type) => !isSeen(type, seen));

const namesOf = (id: SubjectId, types: readonly string[]): string[] =>
  types.map((type) => `${id}/${type}`);
