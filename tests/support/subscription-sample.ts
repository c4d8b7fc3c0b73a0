/** Subscriptions as subscribers write them. */
import type { Subscription } from '@medplum/fhirtypes';
import { GUIDE, TOPICS, type Topic } from '../../apps/server/src/subscriptions/topics.ts';
import { type HookReceiver, readNotification } from './hook-receiver.ts';
import { eventually, type ServerUnderTest } from './server.ts';

export interface SubscriptionAsked {
  readonly topic: Topic;
  readonly filters?: readonly string[];
  /** Undefined: by a WebSocket. */
  readonly endpoint?: string | undefined;
  readonly headers?: readonly string[];
  readonly content?: string;
  readonly heartbeatS?: number;
  readonly timeoutS?: number;
}

export function subscriptionOf(asked: SubscriptionAsked): Subscription {
  const { topic, filters = [], endpoint, headers, content, heartbeatS, timeoutS } = asked;
  const extension = [
    ...(heartbeatS === undefined ? [] : [{ url: GUIDE.HEARTBEAT, valueUnsignedInt: heartbeatS }]),
    ...(timeoutS === undefined ? [] : [{ url: GUIDE.TIMEOUT, valueUnsignedInt: timeoutS }]),
  ];
  const beside = {
    _criteria: { extension: filters.map((text) => ({ url: GUIDE.FILTER, valueString: text })) },
  };
  return {
    resourceType: 'Subscription',
    status: 'requested',
    reason: 'A test',
    criteria: TOPICS[topic],
    ...(filters.length > 0 && beside),
    channel: {
      type: channelOf(endpoint),
      ...(endpoint !== undefined && { endpoint }),
      ...(headers !== undefined && { header: [...headers] }),
      ...(extension.length > 0 && { extension }),
      payload: 'application/fhir+json',
      ...{ _payload: { extension: [{ url: GUIDE.CONTENT, valueCode: content ?? 'id-only' }] } },
    },
  };
}

function channelOf(endpoint: string | undefined): 'websocket' | 'email' | 'rest-hook' {
  if (endpoint === undefined) return 'websocket';
  return endpoint.startsWith('mailto:') ? 'email' : 'rest-hook';
}

const FHIR = { 'content-type': 'application/fhir+json' };

export async function writeFhir<T extends { readonly resourceType: string }>(
  server: ServerUnderTest,
  resource: T,
  headers: Record<string, string> = {},
): Promise<Response> {
  const { resourceType, id } = resource as T & { readonly id?: string };
  const path = id === undefined ? resourceType : `${resourceType}/${id}`;
  return await server.fetch(`/fhir/R4/${path}`, {
    ...{ method: id === undefined ? 'POST' : 'PUT', body: JSON.stringify(resource) },
    headers: { ...FHIR, ...headers },
  });
}

export async function written<T extends { readonly resourceType: string }>(
  server: ServerUnderTest,
  resource: T,
): Promise<T & { readonly id: string }> {
  const response = await writeFhir(server, resource);
  const text = await response.text();
  if (!response.ok) throw new Error(`refused: ${response.status} ${text}`);
  return JSON.parse(text);
}

export async function subscriptionWith(
  server: ServerUnderTest,
  id: string,
  status: Subscription['status'],
): Promise<Subscription & { readonly id: string }> {
  return await eventually(`the subscription to be ${status}`, async () => {
    const found = await server.get<Subscription & { id: string }>(`/fhir/R4/Subscription/${id}`);
    return found.status === status ? found : undefined;
  });
}

/** Written, and active by now. */
export async function subscribed(
  server: ServerUnderTest,
  asked: SubscriptionAsked,
): Promise<Subscription & { readonly id: string }> {
  const { id } = await written(server, subscriptionOf(asked));
  return await subscriptionWith(server, id, 'active');
}

const HOUR_MS = 3_600_000;

/** Notifications may go to this endpoint, and nowhere else. */
export function settingsFor(receiver: HookReceiver, more: object = {}) {
  const subscriptions = {
    ...{ prefixes: [receiver.url], mayBePrivate: false },
    ...{ giveUpMs: 24 * HOUR_MS, keptMs: 7 * 24 * HOUR_MS, followedMax: 1_000, mail: undefined },
    ...more,
  };
  return { config: { subscriptions } };
}

/** Mails may go by this relay, to one domain. */
export function mailSettingsFor({ port }: { readonly port: number }, privacyOfficer?: string) {
  const relay = { host: '127.0.0.1', port, isSecure: false, user: undefined };
  const files = { passwordFile: undefined, caFile: undefined };
  const sender = { from: 'ausculta@ward.example', domains: ['ward.example'] };
  const mail = { ...relay, ...files, ...sender, privacyOfficer };
  const subscriptions = {
    ...{ prefixes: [], mayBePrivate: false, followedMax: 1_000, mail },
    ...{ giveUpMs: 24 * HOUR_MS, keptMs: 7 * 24 * HOUR_MS },
  };
  return { config: { subscriptions } };
}

export const conditionOf = (subjectId: string, text = 'Asthma') => ({
  resourceType: 'Condition',
  subject: { reference: `Patient/${subjectId}` },
  code: { text },
});

export async function eventsOf(server: ServerUnderTest, id: string, query = '') {
  const response = await server.fetch(`/fhir/R4/Subscription/${id}/$events${query}`);
  return readNotification(await response.text());
}
