import { z } from 'zod';

/**
 * POST /api/watchdog/checks, by the watchdog alone: what calls was sent by a door, and its alarm was heard on a live
 * socket, after so many milliseconds.
 */
export const WatchdogCheck = z.strictObject({ tookMs: z.number().int().min(0).max(600_000) });
export type WatchdogCheck = z.infer<typeof WatchdogCheck>;
