/**
 * Who is being answered. An answer that is ready waits for those that nearly are, so that one write of the
 * journal serves all of them: a write costs more than most readings do.
 */
import type { Outside } from '../outside.ts';

/** Nobody waits longer for others. */
const WAIT_MS = 4;

export class InHouse {
  readonly #ports: Pick<Outside, 'after' | 'pause'>;
  #count = 0;
  #gathered: (() => void) | undefined;

  constructor(ports: Pick<Outside, 'after' | 'pause'>) {
    this.#ports = ports;
  }

  enter(): void {
    this.#count += 1;
  }

  leave(): void {
    this.#count -= 1;
    if (this.#count === 0) this.#gathered?.();
  }

  /** Resolves when nobody is being answered who does not wait for it already, or after a moment. */
  async gather(): Promise<void> {
    // What stands at the door comes in first.
    await this.#ports.pause();
    if (this.#count === 0) return;
    await new Promise<void>((resolve) => {
      const stop = this.#ports.after(WAIT_MS, resolve);
      this.#gathered = () => {
        stop();
        resolve();
      };
    });
    this.#gathered = undefined;
  }
}
