/** Notifications as the guide has them for R4: a Bundle whose first entry says how the subscription is. */
import type { DataClass } from '@ausculta/policy/vocabulary';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Parameters, ParametersParameter, Reference } from '@medplum/fhirtypes';
import { bundleText } from '../fhir/http-answer.ts';
import type { Content } from './asked.ts';
import type { SubscriptionStatus } from './store.ts';
import { GUIDE, TOPICS, type Topic } from './topics.ts';

export type NotificationType =
  | 'handshake'
  | 'heartbeat'
  | 'event-notification'
  | 'query-status'
  | 'query-event';

/** What an event is about, as far as the subscriber is told. */
export interface Focus {
  readonly reference: Reference;
  readonly method: 'POST' | 'PUT' | 'DELETE' | 'GET';
  /** Below the base; a URN stands for itself. */
  readonly url: string;
  /** Undefined where it is not told, or is not there any more. */
  readonly text: string | undefined;
}

export interface ToldEvent {
  readonly number: number;
  readonly atMs: number;
  /** Undefined: nothing of it is told, or what it was about is erased. */
  readonly focus: Focus | undefined;
  /** Whoever asked for it may not see it. */
  readonly isKeptBack?: boolean;
  /** Of whom something is told, and what. */
  readonly about?: { readonly subjectId: SubjectId; readonly classes: readonly DataClass[] };
}

export interface Told {
  /** Of this server, as the subscriber knows it; without a slash at its end. */
  readonly baseUrl: string;
  readonly subscriptionId: string;
  readonly topic: Topic;
  readonly status: SubscriptionStatus;
  readonly type: NotificationType;
  readonly lastEvent: number;
  readonly events: readonly ToldEvent[];
  /** In words, without a name or a value. */
  readonly errors: readonly string[];
}

export function statusOf(told: Told): Parameters {
  const { baseUrl, subscriptionId, topic, status, type, lastEvent, events, errors } = told;
  const parameter: ParametersParameter[] = [
    {
      name: 'subscription',
      valueReference: { reference: `${baseUrl}/Subscription/${subscriptionId}` },
    },
    { name: 'topic', valueCanonical: TOPICS[topic] },
    { name: 'status', valueCode: status },
    { name: 'type', valueCode: type },
    { name: 'events-since-subscription-start', valueString: String(lastEvent) },
    ...events.map(({ number, atMs, focus }) => ({
      name: 'notification-event',
      part: [
        { name: 'event-number', valueString: String(number) },
        { name: 'timestamp', valueInstant: new Date(atMs).toISOString() },
        ...(focus === undefined ? [] : [{ name: 'focus', valueReference: focus.reference }]),
      ],
    })),
    ...errors.map((text) => ({ name: 'error', valueCodeableConcept: { text } })),
  ];
  return { resourceType: 'Parameters', meta: { profile: [GUIDE.STATUS_PROFILE] }, parameter };
}

export interface Stamped {
  /** Of the Bundle. */
  readonly id: string;
  readonly nowMs: number;
  readonly link?: readonly { readonly relation: string; readonly url: string }[];
}

/** Of the same resource twice, the content is told once, as it was last. */
export function notificationText(told: Told, { id, nowMs, link }: Stamped): string {
  const { baseUrl, subscriptionId } = told;
  const fullUrlOf = (url: string): string => (url.startsWith('urn:') ? url : `${baseUrl}/${url}`);
  const newest = new Map<string, Focus>();
  for (const { focus } of told.events) {
    if (focus?.text !== undefined || focus?.method === 'DELETE') newest.set(focus.url, focus);
  }
  const bundle = {
    id,
    meta: { profile: [GUIDE.NOTIFICATION_PROFILE] },
    type: 'history',
    timestamp: new Date(nowMs).toISOString(),
    ...(link !== undefined && { link }),
  };
  const status = {
    text: JSON.stringify(statusOf(told)),
    beside: {
      fullUrl: `urn:uuid:${id}`,
      request: { method: 'GET', url: `${baseUrl}/Subscription/${subscriptionId}/$status` },
      response: { status: '200' },
    },
  };
  const entries = [...newest.values()].map(({ url, method, text }) => ({
    text,
    beside: {
      fullUrl: fullUrlOf(url),
      request: { method, url: fullUrlOf(url) },
      response: { status: '200' },
    },
  }));
  return bundleText(bundle, [status, ...entries]);
}

/** What a subscriber of `content` is told of it. */
export function asTold(event: ToldEvent, content: Content): ToldEvent {
  if (event.focus === undefined || content === 'full-resource') return event;
  if (content === 'empty') return { ...event, focus: undefined };
  return { ...event, focus: { ...event.focus, method: 'GET', text: undefined } };
}
