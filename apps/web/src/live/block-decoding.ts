import { type Compression, NO_COMPRESSION } from '@ausculta/blocks/compression';
import { decodeRuns } from '@ausculta/blocks/waveform-block';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { decompress } from 'fzstd';

/** Live blocks are small and come as they are. */
export function decodeLiveBlock(bytes: Uint8Array): readonly WaveformRun[] | undefined {
  return decoded(bytes, NO_COMPRESSION);
}

/** Stored blocks may be zstd; a browser only ever decompresses. */
const ZSTD: Compression = {
  compress: () => {
    throw new Error('broken invariant: a browser writes no compressed block');
  },
  decompress: (bytes, sizeMax) => decompress(bytes, new Uint8Array(sizeMax)),
};

export function decodeStoredBlock(bytes: Uint8Array): readonly WaveformRun[] | undefined {
  return decoded(bytes, ZSTD);
}

function decoded(bytes: Uint8Array, compression: Compression): readonly WaveformRun[] | undefined {
  const runs = decodeRuns(bytes, compression);
  return runs.ok ? runs.value : undefined;
}
