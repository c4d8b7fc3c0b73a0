/** A set of packet ids, a bit for each there can be: eight kilobytes once the first is added, never more. */
export class PacketIds {
  #bits: Uint8Array | undefined;

  has(packetId: number): boolean {
    return this.#bits !== undefined && (byteOf(this.#bits, packetId) & bitOf(packetId)) !== 0;
  }

  add(packetId: number): void {
    this.#bits ??= new Uint8Array(0x10000 / 8);
    this.#bits[packetId >> 3] = byteOf(this.#bits, packetId) | bitOf(packetId);
  }

  delete(packetId: number): void {
    if (this.#bits === undefined) return;
    this.#bits[packetId >> 3] = byteOf(this.#bits, packetId) & ~bitOf(packetId);
  }
}

const byteOf = (bits: Uint8Array, packetId: number): number => bits[packetId >> 3] as number;
const bitOf = (packetId: number): number => 1 << (packetId & 7);
