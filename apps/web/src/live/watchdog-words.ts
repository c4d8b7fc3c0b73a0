/** What a screen says of the watchdog on another host, and of its absence (safety S14). */
import { durationText } from '../vitals/number-text.ts';

/** As the server tells it, by the server's clock. */
export interface WatchdogTold {
  readonly isEnrolled: boolean;
  readonly checkedMs: number | null;
  readonly isStuck: boolean;
}

/** It looks every ten seconds: one that has missed five is not there. */
const SILENT_MS = 60_000;

export interface WatchdogWords {
  /** Whether somebody would be called if the server stopped, as far as anybody knows here. */
  readonly isWell: boolean;
  /** It lives, and has found that alarms do not arrive. */
  readonly isStuck: boolean;
  /** "alarms checked 4 s ago" */
  readonly brief: string;
  readonly full: string;
}

const NONE: WatchdogWords = {
  isWell: false,
  isStuck: false,
  brief: 'no watchdog',
  full: 'No watchdog runs on another host. If this server stops, nobody is called.',
};

const STUCK: WatchdogWords = {
  isWell: false,
  isStuck: true,
  brief: 'rely on bedside monitors',
  full: 'The watchdog on another host has found that test alarms do not arrive on screens: rely on bedside monitors. A technician has been called.',
};

/** `nowMs`: by the server's clock, as far as it is known. */
export function watchdogWords(
  told: WatchdogTold | undefined,
  nowMs: number | undefined,
): WatchdogWords {
  if (told?.isEnrolled !== true) return NONE;
  const agoMs = told.checkedMs === null || nowMs === undefined ? undefined : nowMs - told.checkedMs;
  if (agoMs === undefined || agoMs >= SILENT_MS) {
    const since = agoMs === undefined ? '' : ` for ${durationText(agoMs)}`;
    return {
      isWell: false,
      isStuck: false,
      brief: `watchdog silent${since}`,
      full: `The watchdog on another host has not been heard${since}. If this server stops, nobody is called.`,
    };
  }
  if (told.isStuck) return STUCK;
  const ago = `${Math.max(0, Math.floor(agoMs / 1_000))} s ago`;
  return {
    isWell: true,
    isStuck: false,
    brief: `alarms checked ${ago}`,
    full: `A watchdog on another host sends a test alarm all the way and looks whether it arrives: ${ago} the last time.`,
  };
}
