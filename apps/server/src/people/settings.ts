/** What is set of people: when screens lock themselves, by which address browsers know us, and where they are. */
import { z } from 'zod';
import { dayClock } from '../telemetry/day-clock.ts';

/** Of a ward: long enough to write a note elsewhere, shorter than a round. */
const IDLE_LOCK_MINUTES = 10;

export interface PeopleSettings {
  /** As people's browsers know us, such as https://ausculta.example. Undefined: by our own port. */
  readonly publicUrl: string | undefined;
  /** A screen that nobody uses for so long locks itself. Undefined: none does. */
  readonly idleLockMs: number | undefined;
  /** The file that lists by which other providers people sign on. Undefined: by none. */
  readonly signOnFile: string | undefined;
  /** By whose clock consents open and close by the hour. */
  readonly timeZone: string | undefined;
}

export const PEOPLE_SETTINGS = {
  AUSCULTA_PUBLIC_URL: z
    .string()
    .refine((text) => originOf(text) !== undefined, 'is no address')
    .optional(),
  AUSCULTA_IDLE_LOCK_MINUTES: z.coerce.number().int().min(0).max(720).optional(),
  AUSCULTA_SIGN_ON: z.string().optional(),
  AUSCULTA_TIME_ZONE: z
    .string()
    .refine((zone) => dayClock(zone) !== undefined, 'is no time zone')
    .optional(),
};

export const PEOPLE_MENDS = {
  AUSCULTA_PUBLIC_URL:
    'Set it to the address by which browsers reach this server, such as https://ausculta.example, or leave it unset.',
  AUSCULTA_IDLE_LOCK_MINUTES: `Set it to a whole number of minutes up to 720, to 0 so that no screen locks itself, or leave it unset for ${IDLE_LOCK_MINUTES}.`,
  AUSCULTA_SIGN_ON:
    'Set it to the JSON file that lists the providers by which people sign on (docs/sign-on.md), or leave it unset.',
  AUSCULTA_TIME_ZONE:
    'Set it to the IANA name of the zone where the house is, such as Europe/Berlin.',
} as const;

export function peopleSettings(given: {
  readonly AUSCULTA_PUBLIC_URL?: string | undefined;
  readonly AUSCULTA_IDLE_LOCK_MINUTES?: number | undefined;
  readonly AUSCULTA_SIGN_ON?: string | undefined;
  readonly AUSCULTA_TIME_ZONE?: string | undefined;
  readonly AUSCULTA_DEMO: '0' | '1';
}): PeopleSettings {
  const {
    AUSCULTA_PUBLIC_URL: url,
    AUSCULTA_IDLE_LOCK_MINUTES: minutes,
    AUSCULTA_SIGN_ON: signOnFile,
    AUSCULTA_TIME_ZONE: timeZone,
    AUSCULTA_DEMO: demo,
  } = given;
  // The demo has nobody's data, and is for looking at.
  const wanted = minutes ?? (demo === '1' ? 0 : IDLE_LOCK_MINUTES);
  return {
    publicUrl: url === undefined ? undefined : originOf(url),
    idleLockMs: wanted === 0 ? undefined : wanted * 60_000,
    signOnFile,
    timeZone,
  };
}

/** Without a path: we answer at its root. */
function originOf(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOurs = url?.protocol === 'https:' || url?.protocol === 'http:';
  return isOurs && url.pathname === '/' && url.search === '' && url.hash === ''
    ? url.origin
    : undefined;
}
