/**
 * The other record: who a patient is there, what it keeps of a day, and a day that is sent. What is asked by
 * an identifier goes in a form, never in an address.
 */
import { type SummaryName, summaryIdentifier } from '@ausculta/fhir/day-summary';
import type { Bundle, Observation, Patient } from '@medplum/fhirtypes';
import type { Outgoing } from '../outgoing/outgoing.ts';
import type { AccessToken } from './access-token.ts';
import { issuesIn, jsonOf, type Outcome, outcomeOf } from './outcome.ts';
import type { Destination } from './settings.ts';

export interface RemotePorts {
  readonly destination: Pick<Destination, 'url'>;
  readonly outgoing: Pick<Outgoing, 'post'>;
  readonly token: Pick<AccessToken, 'get' | 'forget'>;
  readonly nowMs: () => number;
}

type NotTaken = Exclude<Outcome, { kind: 'taken' }>;
export type Told<T> = { readonly kind: 'told'; readonly value: T } | NotTaken;

const FHIR_JSON = 'application/fhir+json';
const FORM = 'application/x-www-form-urlencoded';

export class RemoteRecord {
  readonly #ports: RemotePorts;

  constructor(ports: RemotePorts) {
    this.#ports = ports;
  }

  /** Those who bear the identifier; whatever else a server may answer is left out. */
  async patients(identifier: {
    readonly system: string;
    readonly value: string;
  }): Promise<Told<readonly Patient[]>> {
    const { system, value } = identifier;
    const form = new URLSearchParams({ identifier: `${escaped(system)}|${escaped(value)}` });
    const found = await this.#search<Patient>('Patient', form);
    if (found.kind !== 'told') return found;
    const bearers = found.value.filter((patient) =>
      patient.identifier?.some((one) => one.system === system && one.value === value),
    );
    return { kind: 'told', value: bearers };
  }

  /** What it keeps under the identifiers of these summaries. */
  async summaries(names: readonly SummaryName[]): Promise<Told<readonly Observation[]>> {
    const tokens = names.map((name) => {
      const { system, value } = summaryIdentifier(name);
      return `${escaped(system)}|${escaped(value)}`;
    });
    const form = new URLSearchParams({
      identifier: tokens.join(','),
      _count: String(2 * names.length),
    });
    return await this.#search<Observation>('Observation', form);
  }

  /** All of them or none. Done again, it changes nothing: each is written under its own identifier. */
  async send(observations: readonly Observation[]): Promise<Outcome> {
    const entry = observations.map((resource) => {
      const [identifier] = resource.identifier ?? [];
      const { system = '', value = '' } = identifier ?? {};
      const query = new URLSearchParams({ identifier: `${escaped(system)}|${escaped(value)}` });
      return { resource, request: { method: 'PUT' as const, url: `Observation?${query}` } };
    });
    const bundle: Bundle = { resourceType: 'Bundle', type: 'transaction', entry };
    const outcome = await this.#ask('', JSON.stringify(bundle), FHIR_JSON);
    if (outcome.kind !== 'taken') return outcome;
    return bundleOutcome(outcome, observations.length);
  }

  async #search<T>(type: string, form: URLSearchParams): Promise<Told<readonly T[]>> {
    const outcome = await this.#ask(`${type}/_search`, String(form), FORM);
    if (outcome.kind !== 'taken') return outcome;
    const bundle = jsonOf(outcome.text) as Bundle | undefined;
    if (bundle?.resourceType !== 'Bundle' || bundle.type !== 'searchset')
      return { kind: 'failed', reason: 'answered a search with no list' };
    // Who asks for one and is given pages has been understood otherwise.
    if (bundle.link?.some(({ relation }) => relation === 'next'))
      return { kind: 'failed', reason: 'answered a search with more than was asked for' };
    const found = (bundle.entry ?? []).flatMap(({ resource }) =>
      resource?.resourceType === type ? [resource as T] : [],
    );
    return { kind: 'told', value: found };
  }

  async #ask(path: string, body: string, type: string): Promise<Outcome> {
    const { token } = this.#ports;
    const first = await this.#askOnce(path, body, type);
    if (first.kind !== 'away' || !first.isUnknown) return first;
    // A token that has ended, or was taken back: another one may be taken.
    token.forget();
    return await this.#askOnce(path, body, type);
  }

  async #askOnce(path: string, body: string, type: string): Promise<Outcome> {
    const { destination, outgoing, token, nowMs } = this.#ports;
    const given = await token.get();
    if (!given.ok) return given.outcome;
    // A transaction goes to the base itself, which servers know without the slash.
    const url = new URL(path === '' ? destination.url.slice(0, -1) : destination.url + path);
    const headers = {
      'content-type': type,
      accept: FHIR_JSON,
      prefer: 'return=minimal',
      ...(given.header !== undefined && { authorization: given.header }),
    };
    const askedFor = path === '' ? 'day' : 'search';
    return outcomeOf(await outgoing.post({ url, headers, body }), askedFor, nowMs());
  }
}

/** R4, 3.1.1.4.19: these three stand for themselves behind a backslash. */
function escaped(text: string): string {
  return text.replace(/[\\,|$]/g, (letter) => `\\${letter}`);
}

function bundleOutcome(taken: Extract<Outcome, { kind: 'taken' }>, count: number): Outcome {
  const bundle = jsonOf(taken.text) as Bundle | undefined;
  if (bundle?.resourceType !== 'Bundle' || bundle.entry?.length !== count)
    return { kind: 'failed', reason: 'answered a transaction otherwise than FHIR has it' };
  const bad = bundle.entry.find(({ response }) => !/^2\d\d\b/.test(response?.status ?? ''));
  if (bad === undefined) return taken;
  const status = /^\d{3}/.exec(bad.response?.status ?? '')?.[0] ?? 'nothing';
  const issues = issuesIn(JSON.stringify(bad.response?.outcome ?? null));
  const isOurs = /^4\d\d$/.test(status) && status !== '409' && status !== '429';
  return { kind: isOurs ? 'refused' : 'failed', reason: `answered ${status} to one${issues}` };
}
