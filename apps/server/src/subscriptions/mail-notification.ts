/**
 * A notification as a mail. It names nobody, tells no value and no finding, and what was measured is in no
 * id of it: whoever may know more asks for it. Pure.
 */
import type { Focus, NotificationType, Told, ToldEvent } from './notification.ts';

/** UUIDs tell nothing; an id of a reading tells what was measured when, and a client's own may tell anything. */
const TELLS_NOTHING =
  /^(?:urn:uuid:|[A-Z][A-Za-z]{1,63}\/)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function asMailed(event: ToldEvent): ToldEvent {
  const { focus } = event;
  if (focus === undefined || !TELLS_NOTHING.test(focus.url)) return { ...event, focus: undefined };
  const { url, method } = focus;
  const mailed: Focus = { reference: { reference: url }, method, url, text: undefined };
  return { ...event, focus: mailed };
}

export interface MailWords {
  readonly subject: string;
  readonly text: string;
  /** Names the mail by what it tells. */
  readonly name: string;
}

const INFORMATION_ONLY =
  'For information only: nobody is called by this mail, and it does not replace an alarm.';
const NOBODY_NAMED = 'A mail tells nothing of a patient.';

export function mailOf(
  told: Omit<Told, 'topic'>,
  { nowMs }: { readonly nowMs: number },
): MailWords {
  const { baseUrl, subscriptionId, type, events } = told;
  const place = `${baseUrl}/Subscription/${subscriptionId}`;
  const [first, last] = [events[0]?.number, events.at(-1)?.number];
  const words =
    told.status === 'error' ? hasEnded(told.errors, place) : wordsOf(type, events, place);
  const lines = [...words, '', NOBODY_NAMED, INFORMATION_ONLY, ''];
  const what = first === undefined ? `${type}.${nowMs}` : `${first}-${last}`;
  return {
    subject:
      told.status === 'error'
        ? 'Ausculta: a subscription has ended'
        : subjectOf(type, events.length),
    text: lines.join('\r\n'),
    name: `${subscriptionId}.${what}`,
  };
}

const hasEnded = (errors: readonly string[], place: string): string[] => [
  'This address is told of nothing any more by a subscription:',
  place,
  ...errors,
];

function subjectOf(type: NotificationType, count: number): string {
  if (type === 'handshake') return 'Ausculta: a subscription begins';
  if (type === 'heartbeat') return 'Ausculta: a subscription is alive';
  return count === 1 ? 'Ausculta: one new event' : `Ausculta: ${count} new events`;
}

function wordsOf(type: NotificationType, events: readonly ToldEvent[], place: string): string[] {
  const [first, last] = [events[0]?.number, events.at(-1)?.number];
  if (type === 'handshake')
    return ['From now on, this address is told of the events of a subscription:', place];
  if (first === undefined) return ['Nothing has happened. The subscription is there:', place];
  const numbers = first === last ? `event ${first}` : `events ${first} to ${last}`;
  return [
    `There is something new, ${numbers} of a subscription. Who may see it, finds it there:`,
    `${place}/$events?eventsSinceNumber=${first}`,
  ];
}
