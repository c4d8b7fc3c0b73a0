/**
 * One act after the other: who lies where is decided with what the last act has made of it, so two
 * messages that arrive together for a new patient make one.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(act);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
