/** What all routes of FHIR have in common. */
import type { Asks } from '../people/access.ts';

/** An interface engine and a ward's screens behind one address, with room. */
const REQUESTS_PER_MINUTE_MAX = 300_000;

/** A document with a picture in it; a Bundle may have more. A limit of the plugin would be that of no route. */
const RESOURCE_BYTES_MAX = 4 * 2 ** 20;

function routeOf(access: Asks) {
  const rateLimit = { max: REQUESTS_PER_MINUTE_MAX, timeWindow: 60_000 };
  return { bodyLimit: RESOURCE_BYTES_MAX, config: { access, rateLimit } };
}

/** Whatever is read, found or written is asked about by itself, by its type and by whom it is about. */
export const FHIR_ROUTE = routeOf({ may: 'read', of: 'documents', about: 'each' });

/** What a subscription tells is of anybody: it is for who keeps subscriptions. */
export const SUBSCRIPTION_ROUTE = routeOf({ may: 'read', of: 'policy', about: 'house' });

/** Who is whose record: of each of the two. */
export const MERGE_ROUTE = routeOf({ may: 'change', of: 'identity', about: 'each' });

const OF_THE_HOUSE = { of: 'documents', about: 'house', purposes: ['HOPERAT'] } as const;

/** What is about all records at once. */
export const EXPORT_ROUTE = routeOf({ may: 'export', ...OF_THE_HOUSE });
export const IMPORT_ROUTE = routeOf({ may: 'create', ...OF_THE_HOUSE });

export interface OfType {
  readonly Params: { readonly type: string };
}

export interface OfResource {
  readonly Params: { readonly type: string; readonly id: string };
}

export interface OfVersion {
  readonly Params: { readonly type: string; readonly id: string; readonly version: string };
}

/** Of a resource whose type is part of the route. */
export interface OfInstance {
  readonly Params: { readonly id: string };
}
