/**
 * The disk reserve: PostgreSQL that fills its disk cannot recover before somebody makes room, so nothing
 * more is taken in while less than the reserve is free. Intake goes on by itself once there is a margin
 * above it: without one it would stop and go with every file that comes and goes.
 */

/** Above the reserve, as a share of it, before intake goes on. */
const MARGIN = 1 / 8;

export class DiskReserve {
  readonly #reserveBytes: number;
  isReached = false;

  constructor(reserveBytes: number) {
    this.#reserveBytes = reserveBytes;
  }

  /** What has to be free before intake goes on. */
  get enoughBytes(): number {
    return this.#reserveBytes * (1 + MARGIN);
  }

  note(freeBytes: number): void {
    this.isReached = freeBytes < (this.isReached ? this.enoughBytes : this.#reserveBytes);
  }
}
