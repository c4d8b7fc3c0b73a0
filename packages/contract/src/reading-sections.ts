/**
 * Readings as the web takes them: GET /api/subjects/{id}/readings with format=blocks. Little-endian.
 *
 *   answer  = section*
 *   section = u32 length of the header · header (UTF-8 JSON, ReadingSection) · u32 length · block
 *   block   = a block of readings (packages/blocks), by the device's own stamps; zstd or not
 *
 * The corrected, measured time of a reading is its stamp plus the section's offset. Sections of one
 * series follow each other in time order; an answer that ends inside a section was cut short.
 */
import { z } from 'zod';
import { UnreadablePart } from './readings.ts';

export const READING_SECTIONS_TYPE = 'application/vnd.ausculta.readings';

export const ReadingSection = z.object({
  metric: z.string(),
  unit: z.string(),
  device: z.string(),
  offsetMs: z.number(),
  /** Here readings are missing that cannot be read; the block is empty. */
  unreadable: UnreadablePart.optional(),
});
export type ReadingSection = z.infer<typeof ReadingSection>;

export function encodeReadingSection(header: ReadingSection, block: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + block.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, text.length, true);
  bytes.set(text, 4);
  view.setUint32(4 + text.length, block.length, true);
  bytes.set(block, 8 + text.length);
  return bytes;
}

/** Undefined when the bytes are cut short or are no such answer; never an exception. */
export function decodeReadingSections(
  bytes: Uint8Array,
): { readonly header: ReadingSection; readonly block: Uint8Array }[] | undefined {
  const sections: { header: ReadingSection; block: Uint8Array }[] = [];
  let at = 0;
  while (at < bytes.length) {
    const text = pieceAt(bytes, at);
    if (text === undefined) return undefined;
    const block = pieceAt(bytes, text.end);
    const header = ReadingSection.safeParse(parsed(text.piece));
    if (block === undefined || !header.success) return undefined;
    sections.push({ header: header.data, block: block.piece });
    at = block.end;
  }
  return sections;
}

function pieceAt(bytes: Uint8Array, at: number): { piece: Uint8Array; end: number } | undefined {
  if (at + 4 > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = at + 4 + view.getUint32(at, true);
  return end > bytes.length ? undefined : { piece: bytes.subarray(at + 4, end), end };
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
