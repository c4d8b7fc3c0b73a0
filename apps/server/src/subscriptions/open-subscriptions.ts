/** The room's parts, on the database, keys and clock of the server. */
import { lookup } from 'node:dns/promises';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { FastifyInstance } from 'fastify';
import type { Viewers } from '../access/viewers.ts';
import type { Database } from '../database/open.ts';
import { type Outside, secretsOf } from '../outside.ts';
import { Makers } from '../people/makers.ts';
import { subscriptionRoutes } from './routes.ts';
import { Subscriptions, type SubscriptionsPorts } from './subscriptions.ts';
import { TOPICS } from './topics.ts';

type Given = Pick<
  SubscriptionsPorts,
  'records' | 'settings' | 'ledger' | 'sockets' | 'inLane' | 'keys' | 'alarmsSettled'
> & { readonly outside: Outside; readonly database: Pick<Database, 'line' | 'read'> };

export async function openSubscriptions(given: Given): Promise<Subscriptions> {
  const { outside, database, ...ports } = given;
  return await Subscriptions.open({
    ...{ ...outside, ...secretsOf(outside), ...ports },
    ...{ sql: database.line, resolve: lookup },
    makers: new Makers({ sql: database.line, nowMs: outside.nowMs }),
    read: database.read,
  });
}

/** What waits, heartbeats and what has run out is looked for this often; what is new is told at once. */
const LOOK_MS = 250;
const ALARM_LOOK_MS = 5_000;

/** Tells from here on; returns what ends it. */
export function tellSubscribers(
  subscriptions: Subscriptions,
  ports: {
    readonly repository: Parameters<Subscriptions['begin']>[0]['repository'];
    readonly viewers: Viewers;
    readonly outside: Pick<Outside, 'every'>;
  },
): () => Promise<void> {
  const { every } = ports.outside;
  subscriptions.begin(ports);
  const stops = [
    every(LOOK_MS, () => subscriptions.tick()),
    every(ALARM_LOOK_MS, () => subscriptions.lookForAlarms()),
  ];
  return async () => {
    for (const stop of stops) stop();
    await subscriptions.close();
  };
}

/** What the room adds to the routes of FHIR. */
export function offered(subscriptions: Subscriptions) {
  return {
    topics: Object.values(TOPICS),
    isToldOfWritten: (organisationId: OrganisationId): boolean =>
      subscriptions.isToldOfWritten(organisationId, 'Observation'),
    more: (fhir: FastifyInstance): void => subscriptionRoutes(fhir, subscriptions),
  };
}
