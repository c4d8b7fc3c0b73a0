/** How much of a record is in memory at once: a document may be megabytes, and a page a thousand of them. */

/** Of documents, sealed or open. A page ends where it weighs so much, and has one at least. */
export const PAGE_BYTES_MAX = 16 * 2 ** 20;

/** More in one answer is more than whoever asked can have meant, though each page of it would do. */
export const ANSWER_BYTES_MAX = 4 * PAGE_BYTES_MAX;

export class ByteBudget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** What is spent last may be more than there was. */
  get isSpent(): boolean {
    return this.#left <= 0;
  }

  spend(text: string | undefined): void {
    this.#left -= text?.length ?? 0;
  }
}
