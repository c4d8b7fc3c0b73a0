/**
 * Which searches are worth a statement that the database keeps. The driver names and keeps one for each
 * text it sends, on every connection and for ever; and of searches there are as many texts as somebody
 * cares to make up. What comes again and again is kept, up to so many; the rest is parsed each time.
 */
const KEPT_MAX = 200;
/** So often a shape is asked before it is kept: what nobody asks again takes nobody's place. */
const KEPT_FROM = 3;
const COUNTED_MAX = 2_000;

export class SearchShapes {
  readonly #kept = new Set<string>();
  readonly #asked = new Map<string, number>();

  isKept(kind: string, question: object): boolean {
    const shape = `${kind} ${shapeOf(question)}`;
    if (this.#kept.has(shape)) return true;
    if (this.#kept.size >= KEPT_MAX) return false;
    const times = (this.#asked.get(shape) ?? 0) + 1;
    if (times < KEPT_FROM) {
      if (this.#asked.size >= COUNTED_MAX) this.#asked.clear();
      this.#asked.set(shape, times);
      return false;
    }
    this.#asked.delete(shape);
    this.#kept.add(shape);
    return true;
  }
}

/** Equal for questions whose text in SQL is equal: all of it but what is sent beside the text. */
function shapeOf(question: object): string {
  return JSON.stringify(question, (key, value: unknown) => {
    if (key === 'types' || key === 'anyOf') return Math.min((value as unknown[]).length, 2);
    if (
      key === 'ids' ||
      key === 'names' ||
      key === 'docs' ||
      key === 'type' ||
      key === 'id' ||
      key === 'limit'
    )
      return 0;
    return typeof value === 'number' ? 0 : value;
  });
}
