/**
 * Two patients who change beds are two transfers (A02) for most admission systems, and each of them
 * alone contradicts what is known: the other still lies there. The first is refused, and remembered
 * for a while; the second, which says the other half, takes both.
 */
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { type Bed, bedKey } from './bed.ts';
import type { Census } from './census.ts';

/** Both halves are entered at one sitting. */
const HALVES_WITHIN_MS = 10 * 60_000;

/** Far more than a house has under way at once. */
const WAITING_MAX = 200;

/** One patient's transfer, as it was asked for. */
export interface Half {
  readonly organisationId: OrganisationId;
  readonly subjectId: SubjectId;
  readonly bed: Bed;
  readonly receivedMs: number;
}

export class Swaps<H extends Half> {
  readonly #waiting = new Map<SubjectId, H>();
  readonly #census: Pick<Census, 'of' | 'admittedTo'>;

  constructor(census: Pick<Census, 'of' | 'admittedTo'>) {
    this.#census = census;
  }

  /** What this patient was told to do before is over. */
  forget(subjectId: SubjectId): void {
    this.#waiting.delete(subjectId);
  }

  remember(half: H): void {
    this.#waiting.delete(half.subjectId);
    this.#waiting.set(half.subjectId, half);
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > WAITING_MAX && oldest !== undefined) this.#waiting.delete(oldest);
  }

  /** The transfer that goes with this one: of who lies there, to where this one lies. */
  otherHalf({ organisationId, subjectId, bed, receivedMs }: Half): H | undefined {
    const lying = this.#census.of(subjectId)?.place;
    const other = this.#census.admittedTo(organisationId, bed);
    const half = other && this.#waiting.get(other.subjectId);
    if (lying === undefined || half === undefined || other?.subjectId === subjectId)
      return undefined;
    const isFresh = receivedMs - half.receivedMs <= HALVES_WITHIN_MS;
    return isFresh && bedKey(half.bed) === bedKey(lying.bed) ? half : undefined;
  }
}
