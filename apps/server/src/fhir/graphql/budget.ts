/** What one question may cost. What is beyond is not told in part: the question is refused. */

/** Each is a statement or more. */
const SEARCHES_MAX = 50;
const READS_MAX = 1_000;
/** Of the answer, and of what is opened for it. */
const FIELDS_MAX = 50_000;
const TEXT_MAX = 4 * 2 ** 20;
/** Fields between two moments at which other work may run: some 5 ms. */
const FIELDS_AT_ONCE = 1_000;
/** Of a list, without a look at the clock of fields: most lists are short. */
const ITEMS_AT_ONCE = 10;

export class QuestionBudget {
  #searches = SEARCHES_MAX;
  #reads = READS_MAX;
  #fields = FIELDS_MAX;
  #text = TEXT_MAX;
  readonly #pause: () => Promise<void>;
  #sincePause = 0;
  #searching: Promise<unknown> = Promise.resolve();
  /** One for all lists, those within lists too: else each would go on while another rests. */
  #told: Promise<void> = Promise.resolve();

  constructor(pause: () => Promise<void>) {
    this.#pause = pause;
  }

  get isSpent(): boolean {
    return Math.min(this.#searches, this.#reads, this.#fields, this.#text) < 0;
  }

  field(): void {
    this.#fields -= 1;
    this.#sincePause += 1;
  }

  /** So many items are looked at. */
  walk(items: number): void {
    this.#fields -= items;
    this.#sincePause += items;
  }

  text({ length }: string): void {
    this.#text -= length;
  }

  read(): void {
    this.#reads -= 1;
  }

  /** One after the other: a question takes one connection, whatever it asks. */
  async search<T>(search: () => Promise<T>): Promise<T | undefined> {
    this.#searches -= 1;
    const before = this.#searching;
    const run = async (): Promise<T | undefined> => {
      await before.catch(() => undefined);
      return this.isSpent ? undefined : await search();
    };
    const running = run();
    this.#searching = running;
    return await running;
  }

  /** The same list, some items at a time. */
  slices<T, U>(items: readonly T[], tell: (item: T) => U): (U | Promise<U | null>)[] {
    return items.map((item, index) => {
      if (index < ITEMS_AT_ONCE && this.#sincePause < FIELDS_AT_ONCE) return tell(item);
      this.#told = this.#told.then(this.#rest);
      return this.#told.then(() => (this.isSpent ? null : tell(item)));
    });
  }

  readonly #rest = async (): Promise<void> => {
    if (this.#sincePause < FIELDS_AT_ONCE) return;
    this.#sincePause = 0;
    await this.#pause();
  };
}
