/** What leaves the house of an alarm: that one waits, and where to look. No name, no finding, no value (safety S10). */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { NotificationRow } from './store.ts';

export const SUBJECT = 'Ausculta: an alarm waits';
export const TEXT = 'An alarm waits. Open Ausculta.';
export const TEST_SUBJECT = 'Ausculta: a test call';
export const TEST_TEXT = 'This is a test call. No alarm waits.';

/** Of what it is made of, so that a step that is done twice makes no second one. */
export function notificationId(of: Omit<NotificationRow, 'id' | 'organisation_id'>): string {
  const { subject_id, alarm_id, tier, round, recipient, channel } = of;
  const name = JSON.stringify([subject_id, alarm_id, tier, round, recipient, channel]);
  return createHash('sha256').update(name).digest('base64url').slice(0, 32);
}

/** By the id of the call, for that of an alarm says what was found. */
export function linkTo(id: string, publicUrl: string | undefined): string | undefined {
  return publicUrl === undefined ? undefined : new URL(`/calls/${id}`, publicUrl).href;
}

export function mailText(link: string | undefined): string {
  const lines = [
    link === undefined ? TEXT : `${TEXT}\n${link}`,
    'This mail is for information only: the alarm is owed until somebody acknowledges it at a screen.',
  ];
  return lines.join('\n\n');
}

/** Of one call alone, by the secret that the gateway and we know: whoever has it has been told of the call. */
export const answerToken = (id: string, secret: string): string =>
  createHmac('sha256', secret).update(`answer/${id}`).digest('base64url');

export function isAnswerToken(token: string, id: string, secret: string): boolean {
  const [given, due] = [token, answerToken(id, secret)].map((text) =>
    createHash('sha256').update(text).digest(),
  );
  return given !== undefined && due !== undefined && timingSafeEqual(given, due);
}
