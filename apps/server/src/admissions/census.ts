/** Who lies where: of each subject its stay, of each bed who lies in it. In memory; rows follow. */
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import type { PatientCategory, Subject } from '@ausculta/vitals/subject';
import { type Bed, bedKey } from './bed.ts';
import type { Place, Visit } from './movement.ts';

export interface Stay {
  readonly subjectId: SubjectId;
  readonly organisationId: OrganisationId;
  /** An unknown patient of a bed, whom a feed has made. */
  readonly isUnknown: boolean;
  /** Where it lies; undefined: nowhere that we know. */
  readonly place: Place | undefined;
  /** As admission messages tell of it. */
  readonly visit?: Visit;
  /** When the newest of what is known of the person was recorded. */
  readonly detailsMs?: number;
  /** Of the beds to which they came, where the category goes by it: no person has said another. */
  readonly categoryOfBed?: PatientCategory;
  /** It is the same person as another record, and that one is used. */
  readonly merged?: Merged;
  /** What has to change hands because two records were merged, or taken apart. */
  readonly pending?: Pending;
}

export interface Presence {
  readonly presence: 'here' | 'gone' | 'merged';
  readonly mergedInto?: SubjectId;
}

export interface Merged {
  readonly into: SubjectId;
  readonly atMs: number;
  /** What it wore until then: this comes back when the two are taken apart. */
  readonly spans: readonly WornSpan[];
  readonly before: Whereabouts & { readonly familyName: string };
  readonly keptBefore: Whereabouts &
    Pick<Subject, 'category' | 'paced'> &
    Pick<Stay, 'categoryOfBed'>;
}

export interface Whereabouts {
  readonly place: Place | undefined;
  readonly visit: Visit | undefined;
}

export interface WornSpan {
  readonly deviceId: string;
  readonly fromMs: number;
  readonly untilMs: number | undefined;
}

export interface Pending {
  readonly from: SubjectId;
  readonly to: SubjectId;
  readonly spans: readonly WornSpan[];
}

/** Merged into one that was merged itself, and so on: longer chains are a mistake. */
const MERGES_MAX = 10;

export class Census {
  readonly #stays = new Map<SubjectId, Stay>();
  /** By organisation and bed: who was admitted to it, and who of those unknown came last. */
  readonly #admitted = new Map<string, Stay>();
  readonly #unknown = new Map<string, Stay>();
  /** By the record that goes on. */
  readonly #mergedInto = new Map<SubjectId, Set<SubjectId>>();
  /** Another number whenever two records were merged, or taken apart. */
  merges = 0;

  readonly #isKnown: (subjectId: SubjectId) => boolean;

  /** Who has been erased lies nowhere, from that moment on. */
  constructor(isKnown: (subjectId: SubjectId) => boolean) {
    this.#isKnown = isKnown;
  }

  of(subjectId: SubjectId): Stay | undefined {
    return this.#known(this.#stays.get(subjectId));
  }

  admittedTo(organisationId: OrganisationId, bed: Bed): Stay | undefined {
    return this.#known(this.#admitted.get(placeKey(organisationId, bed)));
  }

  unknownIn(organisationId: OrganisationId, bed: Bed): Stay | undefined {
    return this.#known(this.#unknown.get(placeKey(organisationId, bed)));
  }

  #known(stay: Stay | undefined): Stay | undefined {
    return stay !== undefined && this.#isKnown(stay.subjectId) ? stay : undefined;
  }

  /** Those of whom something has yet to change hands. */
  unfinished(): Stay[] {
    return [...this.#stays.values()].filter((stay) => stay.pending && this.#known(stay));
  }

  /** The record that is used for this one: itself, unless it was merged into one that is there. */
  usedFor(subjectId: SubjectId): SubjectId {
    let used = subjectId;
    for (let i = 0; i < MERGES_MAX; i += 1) {
      const into = this.of(used)?.merged?.into;
      if (into === undefined || !this.#isKnown(into)) break;
      used = into;
    }
    return used;
  }

  /** Those records that are no longer used, because they are this person's. */
  mergedInto(subjectId: SubjectId): SubjectId[] {
    const from = [...(this.#mergedInto.get(subjectId) ?? [])];
    return from.filter((id) => this.of(id) !== undefined);
  }

  /** What this record was merged into, and what into it. */
  recordsOf(subjectId: SubjectId): { into: SubjectId | undefined; from: readonly SubjectId[] } {
    const into = this.of(subjectId)?.merged?.into;
    const isThere = into !== undefined && this.#isKnown(into);
    return { into: isThere ? into : undefined, from: this.mergedInto(subjectId) };
  }

  /** Whether somebody is to be looked for on a ward: who was never admitted here has not left. */
  presenceOf(subjectId: SubjectId): Presence {
    const stay = this.of(subjectId);
    if (stay?.merged !== undefined) return { presence: 'merged', mergedInto: stay.merged.into };
    return { presence: stay !== undefined && this.#hasLeft(stay) ? 'gone' : 'here' };
  }

  /** An unknown patient has left whose bed is another's now. */
  #hasLeft({ isUnknown, organisationId, place, subjectId, visit }: Stay): boolean {
    if (!isUnknown) return visit?.isIn === false;
    if (place === undefined) return true;
    const { bed } = place;
    const others = [this.unknownIn(organisationId, bed), this.admittedTo(organisationId, bed)];
    return others.some((other) => other !== undefined && other.subjectId !== subjectId);
  }

  set(stay: Stay): void {
    if (this.#stays.get(stay.subjectId)?.merged?.into !== stay.merged?.into) this.merges += 1;
    this.#takeOut(stay.subjectId);
    this.#stays.set(stay.subjectId, stay);
    const into = stay.merged?.into;
    if (into !== undefined) {
      const from = this.#mergedInto.get(into) ?? new Set();
      this.#mergedInto.set(into, from.add(stay.subjectId));
    }
    const { place, organisationId } = stay;
    if (place !== undefined) this.#bedsOf(stay).set(placeKey(organisationId, place.bed), stay);
  }

  #takeOut(subjectId: SubjectId): void {
    const known = this.#stays.get(subjectId);
    if (known === undefined) return;
    this.#stays.delete(subjectId);
    this.#mergedInto.get(known.merged?.into ?? subjectId)?.delete(subjectId);
    if (known.place === undefined) return;
    const key = placeKey(known.organisationId, known.place.bed);
    const beds = this.#bedsOf(known);
    if (beds.get(key) === known) beds.delete(key);
  }

  #bedsOf({ isUnknown }: Stay): Map<string, Stay> {
    return isUnknown ? this.#unknown : this.#admitted;
  }
}

function placeKey(organisationId: OrganisationId, bed: Bed): string {
  return `${organisationId}/${bedKey(bed)}`;
}
