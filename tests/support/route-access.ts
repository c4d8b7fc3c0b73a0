/** Which routes are for whom: what the running server says beside each route must be this. */

/** All that answers without credentials. A route is added here by decision, never to make this pass. */
export const PUBLIC = [
  'GET /api/sign-in',
  'GET /fhir/R4/metadata',
  // Whoever opens it is nobody until a token, given to somebody signed in, says who.
  'GET /fhir/R4/subscriptions-ws',
  'GET /livez',
  'GET /readyz',
  'POST /api/session',
];

/** Devices prove themselves in the route. */
export const FOR_DEVICES = [':other', 'events', 'readings', 'waveforms'].map(
  (kind) => `POST /api/devices/:id/${kind}`,
);

export const FOR_ADMINISTRATORS = [
  'DELETE /fhir/R4/$export/:job',
  'GET /api/subjects/:id/erasure',
  'GET /api/subjects/:id/holds',
  'GET /api/subjects/:id/write-back',
  'GET /api/write-back',
  'GET /fhir/R4/$export',
  'GET /fhir/R4/$export/:job',
  'GET /fhir/R4/$export/:job/:file',
  'GET /fhir/R4/Group/:id/$export',
  'GET /fhir/R4/Patient/$export',
  'POST /api/devices',
  'POST /api/devices/:id/about',
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
  /^GET \/(api\/(live|session|status)|fhir\/R4\/(metadata|(:type\/:id\/)?\$graphql))$/;
