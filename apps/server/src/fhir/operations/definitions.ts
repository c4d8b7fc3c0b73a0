/** What operations are called, and where others have defined them; of which types, say the routes. */
const R4 = 'http://hl7.org/fhir/OperationDefinition';
const BACKPORT = 'http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition';
const IPS = 'http://hl7.org/fhir/uv/ips/OperationDefinition';
const BULK = 'http://hl7.org/fhir/uv/bulkdata/OperationDefinition';

/** By the route's path below the base. */
const DEFINED: Readonly<Record<string, { readonly on: string; readonly definition: string }>> = {
  '/Patient/:id/$everything': { on: 'Patient', definition: `${R4}/Patient-everything` },
  '/Patient/:id/$summary': { on: 'Patient', definition: `${IPS}/summary` },
  '/Patient/$match': { on: 'Patient', definition: `${R4}/Patient-match` },
  '/Observation/$lastn': { on: 'Observation', definition: `${R4}/Observation-lastn` },
  '/Observation/$stats': { on: 'Observation', definition: `${R4}/Observation-stats` },
  // Nobody has defined one: docs/fhir.md says what it does.
  '/Observation/$waveform': { on: 'Observation', definition: 'urn:ausculta:operation:waveform' },
  // Nobody has defined one: docs/fhir.md says what it does.
  '/Observation/:id/$closed-loop': {
    on: 'Observation',
    definition: 'urn:ausculta:operation:closed-loop',
  },
  // Nobody has defined one: docs/fhir.md says what it does.
  '/Encounter/:id/$claim': { on: 'Encounter', definition: 'urn:ausculta:operation:claim' },
  '/Patient/$merge': { on: 'Patient', definition: `${R4}/Patient-merge` },
  // Nobody has defined one: decisions/0032-fhir-operations.md says what it does.
  '/Patient/$unmerge': { on: 'Patient', definition: 'urn:ausculta:operation:unmerge' },
  '/Patient/$export': { on: 'Patient', definition: `${BULK}/patient-export` },
  '/Group/:id/$export': { on: 'Group', definition: `${BULK}/group-export` },
  '/$export': { on: '', definition: `${BULK}/export` },
  '/Subscription/:id/$status': {
    on: 'Subscription',
    definition: `${BACKPORT}/backport-subscription-status`,
  },
  '/Subscription/:id/$events': {
    on: 'Subscription',
    definition: `${BACKPORT}/backport-subscription-events`,
  },
  '/Subscription/:id/$get-ws-binding-token': {
    on: 'Subscription',
    definition: `${BACKPORT}/backport-subscription-get-ws-binding-token`,
  },
  // Nobody has defined one: decisions/0026-bulk-export.md says what it does.
  '/$import': { on: '', definition: 'urn:ausculta:operation:import' },
  '/$graphql': { on: '', definition: `${R4}/Resource-graphql` },
  '/:type/:id/$graphql': { on: '*', definition: `${R4}/Resource-graphql` },
  '/:type/$validate': { on: '*', definition: `${R4}/Resource-validate` },
};

export interface OfferedOperation {
  readonly name: string;
  readonly definition: string;
}

/** Of a type, or of the whole system (undefined), as far as the routes are there. */
export function operationsOn(
  type: string | undefined,
  paths: ReadonlySet<string>,
): OfferedOperation[] {
  return Object.entries(DEFINED).flatMap(([path, { on, definition }]) => {
    const isOn = type === undefined ? on === '' : on === type || on === '*';
    const name = path.slice(path.indexOf('$') + 1);
    return isOn && paths.has(path) ? [{ name, definition }] : [];
  });
}
