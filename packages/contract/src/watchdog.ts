import { z } from 'zod';

/** How far a test alarm came: to the server, into its store, to a screen, and to its end. */
export const WATCHDOG_STAGES = ['reach', 'store', 'alarm', 'end'] as const;
export type WatchdogStage = (typeof WATCHDOG_STAGES)[number];

/**
 * POST /api/watchdog/checks, by the watchdog alone: what calls was sent by a door, and its alarm was heard on a live
 * socket, after so many milliseconds; or again and again it was not.
 */
export const WatchdogCheck = z.union([
  z.strictObject({ tookMs: z.number().int().min(0).max(600_000) }),
  z.strictObject({ stuckAt: z.enum(WATCHDOG_STAGES) }),
]);
export type WatchdogCheck = z.infer<typeof WatchdogCheck>;
