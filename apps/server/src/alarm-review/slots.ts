/** So many of a kind under way at a time in each house, whatever another house does. */
import type { OrganisationId } from '@ausculta/vitals/identity';

export class Slots {
  readonly #most: number;
  readonly #taken = new Map<OrganisationId, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** False: all of this house are taken. */
  take(house: OrganisationId): boolean {
    const taken = this.#taken.get(house) ?? 0;
    if (taken >= this.#most) return false;
    this.#taken.set(house, taken + 1);
    return true;
  }

  free(house: OrganisationId): void {
    const left = (this.#taken.get(house) ?? 0) - 1;
    if (left > 0) this.#taken.set(house, left);
    else this.#taken.delete(house);
  }
}
