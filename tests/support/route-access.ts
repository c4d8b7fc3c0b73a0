/** Which routes are for whom: what the running server says beside each route must be this. */

/** All that answers without credentials. A route is added here by decision, never to make this pass. */
export const PUBLIC = [
  // Whose signature a device's certificate has: RFC 7030, 4.1.
  'GET /.well-known/est/cacerts',
  'GET /api/sign-in',
  'GET /fhir/R4/.well-known/smart-configuration',
  'GET /fhir/R4/metadata',
  // Whoever opens it is nobody until a token, given to somebody signed in, says who.
  'GET /fhir/R4/subscriptions-ws',
  'GET /livez',
  'GET /oidc/*',
  'GET /readyz',
  'POST /api/session',
  'POST /api/session/passkey',
  'POST /api/session/passkey/begin',
  'POST /api/sign-in-link',
  'POST /api/sign-in-link/look',
  'POST /oidc/*',
];

/** Of whoever is signed in, about themselves. */
export const FOR_ONESELF = [
  'DELETE /api/me/passkeys/:id',
  'DELETE /api/me/second-factor',
  'DELETE /api/me/sessions',
  'DELETE /api/me/sessions/:id',
  'DELETE /api/session',
  'GET /api/me',
  'GET /api/me/passkeys',
  'GET /api/me/sessions',
  'GET /api/session',
  'POST /api/me/passkeys',
  'POST /api/me/passkeys/begin',
  'POST /api/me/password',
  'POST /api/me/recovery-codes',
  'POST /api/me/second-factor',
  'POST /api/me/second-factor/begin',
  'POST /api/session/lock',
  'POST /api/session/proof',
  'POST /api/session/proof/passkey',
];

/** Devices prove themselves in the route. */
export const FOR_DEVICES = [
  ...['simpleenroll', 'simplereenroll'].map((act) => `POST /.well-known/est/${act}`),
  ...[':other', 'events', 'readings', 'waveforms'].map((kind) => `POST /api/devices/:id/${kind}`),
];

export const FOR_ADMINISTRATORS = [
  'DELETE /fhir/R4/$export/:job',
  'GET /api/accounts',
  'GET /api/clients',
  'GET /api/devices/:id/identity',
  'GET /api/indicators/:period',
  'GET /api/subjects/:id/accesses',
  'GET /api/subjects/:id/erasure',
  'GET /api/subjects/:id/holds',
  'GET /api/subjects/:id/write-back',
  'GET /api/write-back',
  'GET /fhir/R4/$export',
  'GET /fhir/R4/$export/:job',
  'GET /fhir/R4/$export/:job/:file',
  'GET /fhir/R4/Group/:id/$export',
  'GET /fhir/R4/Patient/$export',
  'POST /api/accounts',
  'POST /api/accounts/:id/disable',
  'POST /api/accounts/:id/enable',
  'POST /api/accounts/:id/link',
  'POST /api/accounts/:id/roles',
  'POST /api/clients',
  'POST /api/clients/:id/disable',
  'POST /api/devices',
  'POST /api/devices/:id/about',
  'POST /api/devices/:id/certificates/:serial/revocation',
  'POST /api/devices/:id/claim',
  'POST /api/devices/:id/disable',
  'POST /api/devices/:id/token',
  'POST /api/keys/rotation',
  'POST /api/subjects',
  'POST /api/subjects/:id/erasure',
  'POST /api/subjects/:id/holds',
  'POST /api/subjects/:id/holds/:hold/release',
  'POST /api/subjects/:id/merge',
  'POST /api/subjects/:id/unmerge',
  'POST /api/subjects/:id/write-back/:destination',
  'POST /api/subjects/:id/write-back/:destination/withdrawal',
  'POST /api/write-back/:destination/reconciliation',
  'POST /api/write-back/:destination/retry',
  'POST /fhir/R4/$export',
  'POST /fhir/R4/$import',
  'POST /fhir/R4/Group/:id/$export',
  'POST /fhir/R4/Patient/$export',
  'POST /fhir/R4/Patient/$merge',
  'POST /fhir/R4/Patient/$unmerge',
];

/** They tell of the caller, of the server, or that a question is posted. */
export const SAME_FOR_ALL =
  /^GET \/(api\/(live|me(\/\w+)?|session|status)|fhir\/R4\/(metadata|(:type\/:id\/)?\$graphql))$/;

interface Ours {
  /** Of the patient. */
  readonly id: string;
  readonly device: string;
  readonly condition: string;
  readonly encounter: string;
  readonly note: string;
  readonly subscription: string;
  readonly nowMs: number;
}

/** Every route by which a clinician reads, asked of what is ours. */
export function pathsThatRead(ours: Ours): string[] {
  const { id, device, condition, encounter, note, subscription, nowMs } = ours;
  const span = `from=${nowMs - 60_000}&to=${nowMs + 1000}`;
  return [
    '/api/subjects',
    `/api/subjects/${id}`,
    `/api/subjects/${id}/readings?metric=heart-rate`,
    `/api/subjects/${id}/events`,
    `/api/subjects/${id}/limits`,
    `/api/subjects/${id}/trend?metrics=heart-rate&${span}`,
    `/api/subjects/${id}/waveforms?metrics=ecg-ii&${span}`,
    `/api/subjects/${id}/statistics?metrics=heart-rate&${span}`,
    `/api/subjects/${id}/edf?metrics=ecg-ii&${span}`,
    '/api/alarms?state=all',
    `/api/alarms?state=all&subject=${id}`,
    '/api/admissions/refused',
    '/api/parked',
    '/api/devices',
    `/api/devices/${device}/grants`,
    `/api/devices/${device}`,
    `/fhir/R4/Patient/${id}`,
    `/fhir/R4/Observation?subject=Patient/${id}&code=8867-4`,
    `/fhir/R4?_type=Patient,Condition`,
    `/fhir/R4/Condition/${condition}/_history/1`,
    `/fhir/R4/Condition/${condition}/_history`,
    '/fhir/R4/Condition/_history',
    '/fhir/R4/_history',
    `/fhir/R4/Patient/${id}/$everything`,
    `/fhir/R4/Observation/$lastn?patient=${id}`,
    `/fhir/R4/Observation/$stats?subject=Patient/${id}&code=8867-4&statistic=count&duration=1`,
    `/fhir/R4/Observation/$waveform?patient=${id}&code=ecg-ii&start=2026-11-21T08:00:00Z&end=2026-11-21T08:01:00Z`,
    `/fhir/R4/Patient/${id}/$summary`,
    `/fhir/R4/Condition/${condition}/$validate`,
    `/fhir/R4/Encounter/${encounter}/$claim`,
    `/fhir/R4/Observation/${note}/$closed-loop`,
    '/fhir/R4/Subscription/$status',
    `/fhir/R4/Subscription/${subscription}/$status`,
    `/fhir/R4/Subscription/${subscription}/$events`,
    `/fhir/R4/Subscription/${subscription}/$get-ws-binding-token`,
    `/fhir/R4/Subscription/$get-ws-binding-token?id=${subscription}`,
  ];
}
