/**
 * The general-purpose compressor under a block, handed in by the room that has one: `node:zlib`
 * (zstd, level 3) on the server, `fzstd` in the browser, which only ever decompresses.
 */
export interface Compression {
  readonly compress: (bytes: Uint8Array) => Uint8Array;
  /**
   * May throw on damaged bytes: the decode boundary turns that into a fault. `sizeMax` is the exact
   * size that the block's header claims, already checked against a limit; never produce more.
   */
  readonly decompress: (bytes: Uint8Array, sizeMax: number) => Uint8Array;
}

/** Leaves the bytes as they are: for live frames, and for rooms that only write small blocks. */
export const NO_COMPRESSION: Compression = {
  compress: (bytes) => bytes,
  decompress: (bytes) => bytes,
};
