/**
 * Who is being answered. An answer that is ready waits for those that nearly are, so that one write of the
 * journal serves several: a write costs more than most readings do. It waits for half of them: the others are
 * worked on while the disk writes, and go with the next.
 */
import type { Outside } from '../outside.ts';

/** Nobody waits longer for others. */
const WAIT_MS = 4;

export class InHouse {
  readonly #ports: Pick<Outside, 'after' | 'pause'>;
  #count = 0;
  #waiting: () => number = () => 0;
  #gathered: (() => void) | undefined;

  constructor(ports: Pick<Outside, 'after' | 'pause'>) {
    this.#ports = ports;
  }

  enter(): void {
    this.#count += 1;
  }

  leave(): void {
    this.#count -= 1;
    if (this.#isHalf()) this.#gathered?.();
  }

  /** Resolves when no more are being answered than wait for it already, or after a moment. */
  async gather(waiting: () => number): Promise<void> {
    // What stands at the door comes in first.
    await this.#ports.pause();
    this.#waiting = waiting;
    if (this.#isHalf()) return;
    await new Promise<void>((resolve) => {
      const stop = this.#ports.after(WAIT_MS, resolve);
      this.#gathered = () => {
        stop();
        resolve();
      };
    });
    this.#gathered = undefined;
  }

  #isHalf(): boolean {
    return this.#count <= this.#waiting();
  }
}
