/** What all routes of FHIR have in common. */

/** An interface engine and a ward's screens behind one address, with room. */
const REQUESTS_PER_MINUTE_MAX = 300_000;

/** A document with a picture in it; a Bundle may have more. A limit of the plugin would be that of no route. */
const RESOURCE_BYTES_MAX = 4 * 2 ** 20;

export const FHIR_ROUTE = {
  bodyLimit: RESOURCE_BYTES_MAX,
  config: {
    access: 'clinician',
    rateLimit: { max: REQUESTS_PER_MINUTE_MAX, timeWindow: 60_000 },
  },
} as const;

/** What is about all records at once. */
export const FHIR_ADMIN_ROUTE = {
  ...FHIR_ROUTE,
  config: { ...FHIR_ROUTE.config, access: 'administrator' },
} as const;

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
