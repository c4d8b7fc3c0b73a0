import { z } from 'zod';
import { AlarmView } from './alarms.ts';

/**
 * The live socket: GET /api/live, cookie of the session, subprotocol below. The browser sends text
 * (JSON); the server sends binary frames made of sections (live-frame.ts). On subscribe the first
 * frame of a subject is its snapshot; then one frame every FRAME_INTERVAL_MS with what changed.
 */
export const LIVE_SUBPROTOCOL = 'ausculta.live.1';

/** Close code of a socket whose session was ended, has run out or was revoked: sign in again (RFC 6455, 7.4.2). */
export const LIVE_SIGNED_OUT_CODE = 4401;

/** One frame for each socket in this time; also the heartbeat: a frame comes even if nothing changed. */
export const FRAME_INTERVAL_MS = 200;

/** No frame for this long: everything on the screen is stale (experience.md, State). */
export const SILENCE_STALE_MS = 3000;

/** Waveforms are drawn this long behind the newest sample, so that network jitter is not seen. */
export const WAVEFORM_DELAY_MS = 1500;

/** Seconds of waveform that a snapshot brings: a full sweep of a tile. */
export const SNAPSHOT_WAVEFORM_MS = 8000;

export const SUBSCRIBED_SUBJECTS_MAX = 64;

/** Why new data is not stored: the database does not answer, or there is no room on its disk. */
export const DEGRADED_REASONS = ['stalled', 'full'] as const;
export type DegradedReason = (typeof DEGRADED_REASONS)[number];

/** Browser → server. Each message replaces the set of subjects watched on this socket. */
export const LiveRequest = z.strictObject({
  type: z.literal('subscribe'),
  subjects: z.array(z.string()).max(SUBSCRIBED_SUBJECTS_MAX),
  /** Waveform metrics wanted; an empty list for numbers only, absent for all. */
  waveforms: z.array(z.string()).max(32).optional(),
});
export type LiveRequest = z.infer<typeof LiveRequest>;

/** Section 'notice' of a frame: everything that is not a number or a sample. */
export const LiveNotice = z.discriminatedUnion('type', [
  /** Subject ids and metric keys get short indexes on this socket, announced before their first use. */
  z.object({
    type: z.literal('names'),
    subjects: z.array(z.tuple([z.number(), z.string()])),
    metrics: z.array(z.tuple([z.number(), z.string()])),
    devices: z.array(z.tuple([z.number(), z.string()])),
  }),
  /** What the socket watches from now on; ids that the person may not see are refused here. */
  z.object({
    type: z.literal('subscribed'),
    subjects: z.array(z.string()),
    refused: z.array(z.string()),
  }),
  /** Alarms that are new or have changed; a snapshot holds all open ones of its subject. */
  z.object({ type: z.literal('alarms'), alarms: z.array(AlarmView) }),
  /** An alarm of subjects that this socket does not watch: they may have come since it asked who is here. */
  z.object({ type: z.literal('elsewhere'), subjects: z.array(z.string()) }),
  /** This browser was too slow: waveform samples of this long were left out. Numbers never are. */
  z.object({ type: z.literal('dropped'), waveformMs: z.number() }),
  /** A reading's past changed (correction, re-attribution): charts of this subject should ask again. */
  z.object({ type: z.literal('revised'), subjects: z.array(z.string()) }),
  /**
   * Readings of these subjects were moved to or from another record: forget them, all come anew. `isWhole`: this
   * screen may not see them any more; forget their alarms as well.
   */
  z.object({
    type: z.literal('cleared'),
    subjects: z.array(z.string()),
    isWhole: z.literal(true).optional(),
  }),
  /** The log has stalled or intake is refusing: monitoring is degraded (safety S3). */
  z.object({
    type: z.literal('degraded'),
    /** Null: it is over. */
    since: z.number().nullable(),
    reason: z.enum(DEGRADED_REASONS),
  }),
  /** When a watchdog on another host last found the way of an alarm in order; null: not since this start. */
  z.object({
    type: z.literal('watchdog'),
    isEnrolled: z.boolean(),
    checkedMs: z.number().nullable(),
    /** It has found, more than once, that alarms do not arrive on screens. */
    isStuck: z.boolean(),
  }),
  z.object({ type: z.literal('refused'), fault: z.string() }),
]);
export type LiveNotice = z.infer<typeof LiveNotice>;
