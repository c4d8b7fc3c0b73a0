/** Acknowledgements that leave at the end of this turn, in one piece: one commit answers many. */
import { acknowledgement, acknowledgements } from './packets.ts';

export class OwedAcknowledgements {
  readonly #write: (bytes: Buffer) => void;
  /** The first `#count` are owed. */
  readonly #each: number[] = [];
  #count = 0;

  constructor(write: (bytes: Buffer) => void) {
    this.#write = write;
  }

  note = (header: number, packetId: number): void => {
    if (this.#count === 0) queueMicrotask(this.writeNow);
    this.#each[this.#count] = acknowledgement(header, packetId);
    this.#count += 1;
  };

  /** Before anything else is said. */
  writeNow = (): void => {
    if (this.#count === 0) return;
    const bytes = acknowledgements(this.#each, this.#count);
    this.#count = 0;
    this.#write(bytes);
  };
}
