/** Who lies where: of each subject its stay, of each bed who lies in it. In memory; rows follow. */
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
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
}

export class Census {
  readonly #stays = new Map<SubjectId, Stay>();
  /** By organisation and bed: who was admitted to it, and who of those unknown came last. */
  readonly #admitted = new Map<string, Stay>();
  readonly #unknown = new Map<string, Stay>();

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

  set(stay: Stay): void {
    this.#takeOut(stay.subjectId);
    this.#stays.set(stay.subjectId, stay);
    const { place, organisationId } = stay;
    if (place !== undefined) this.#bedsOf(stay).set(placeKey(organisationId, place.bed), stay);
  }

  #takeOut(subjectId: SubjectId): void {
    const known = this.#stays.get(subjectId);
    if (known === undefined) return;
    this.#stays.delete(subjectId);
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
