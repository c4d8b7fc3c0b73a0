/**
 * How new the newest document of a question is, for questions that come again: whoever asks for a patient's
 * newest readings, which are newer, need not have the documents looked for. It says nothing of them but when
 * they were.
 */
interface Known {
  readonly changes: number;
  readonly newest: Newest;
}

/** `atMs` is negative infinity where none says when it was. */
export type Newest = { readonly isAny: false } | { readonly isAny: true; readonly atMs: number };

const KNOWN_MAX = 10_000;

export class NewestDocuments {
  readonly #known = new Map<string, Known>();

  /** Undefined where it is not known, or was learned before the last change. */
  of(question: string, changes: number): Newest | undefined {
    const known = this.#known.get(question);
    return known?.changes === changes ? known.newest : undefined;
  }

  /** `changes` as it was before the question was asked. */
  note(question: string, changes: number, newest: Newest): void {
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(question, { changes, newest });
  }
}
