import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Compression } from '@ausculta/blocks/compression';

const LEVEL_STORED = 3;

/** Log rows live for days, not years, and every device waits for them. */
const LEVEL_LOG = 1;

/** The compressor of chunks. `sizeMax` is what the block's header claims, checked before. */
export const zstd: Compression = {
  compress: (bytes) => zstdCompressSync(bytes, level(LEVEL_STORED)),
  decompress: (bytes, sizeMax) => zstdDecompressSync(bytes, { maxOutputLength: sizeMax }),
};

export function compressLog(bytes: Uint8Array): Uint8Array {
  return zstdCompressSync(bytes, level(LEVEL_LOG));
}

const LOG_BATCH_BYTES_MAX = 1 << 28;

export function decompressLog(bytes: Uint8Array): Uint8Array {
  return zstdDecompressSync(bytes, { maxOutputLength: LOG_BATCH_BYTES_MAX });
}

function level(compressionLevel: number): { params: Record<number, number> } {
  return { params: { [constants.ZSTD_c_compressionLevel]: compressionLevel } };
}
