import { z } from 'zod';

/** GET /api/parked: what could not be decoded or placed, newest first. Never the payload itself. */
export const ParkedView = z.object({
  id: z.string(),
  door: z.string(),
  device: z.string().nullable(),
  fault: z.string(),
  detail: z.string().nullable(),
  receivedAt: z.string(),
  bytes: z.number(),
});
export type ParkedView = z.infer<typeof ParkedView>;
export const ParkedList = z.object({ parked: z.array(ParkedView) });
export type ParkedList = z.infer<typeof ParkedList>;
