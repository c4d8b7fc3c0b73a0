/** Where the next page of the audit begins, as it travels in a link. */
import { z } from 'zod';
import type { TrailStart } from './trail.ts';

const After = z.strictObject({
  ms: z.number().int(),
  id: z.guid(),
  told: z.number().int().min(0),
});

const Position = After.nullish();

const Cursor = z.strictObject({
  /** What has come since the first page is on none of those that follow. */
  toMs: z.number().int(),
  acts: Position,
  reads: Position,
  /** A disclosure is named by its day and its hash. */
  disclosures: After.extend({ id: z.string().max(64) }).nullish(),
});

export interface TrailCursor {
  readonly toMs: number;
  readonly start: TrailStart;
}

export function trailCursorText({ toMs, start }: TrailCursor): string {
  return Buffer.from(JSON.stringify({ toMs, ...start })).toString('base64url');
}

/** Undefined for what we never wrote. */
export function readTrailCursor(text: string): TrailCursor | undefined {
  try {
    const given: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    const { acts, reads, disclosures, toMs } = Cursor.parse(given);
    return { toMs, start: { acts, reads, disclosures } };
  } catch {
    return undefined;
  }
}
