/**
 * What is written by FHIR, on its way: a Subscription is looked at before it is written and followed with its
 * transaction, and of any other resource those are told, in the same transaction, who asked for it.
 */
import { passesFilter } from '@ausculta/fhir/search-match';
import type { SearchRow } from '@ausculta/fhir/search-rows';
import { isError } from '@ausculta/fhir/validation';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Resource, Subscription } from '@medplum/fhirtypes';
import type { Transaction } from '../database/pool.ts';
import type { Act, Asker } from '../fhir/acts.ts';
import { type Answer, type Refusal, refuse, refuseInvalid } from '../fhir/answer.ts';
import type { DocumentKeys, FhirDocument } from '../fhir/document.ts';
import { fhirKnowledge } from '../fhir/knowledge.ts';
import { type RecordsBehind, withRecordsBehind } from '../fhir/same-person.ts';
import type { WrittenDocument, WrittenRequest } from '../fhir/write-watch.ts';
import { allowedEndpoint, type EndpointRules } from '../outgoing/endpoints.ts';
import { appendAudit } from '../vault/audit.ts';
import { readPlan } from './asked.ts';
import { type Followed, readPorts, type SubscriptionBook, subscriptionContext } from './book.ts';
import { sealHeader } from './headers.ts';
import type { MailRelay } from './mail-relay.ts';
import { recordEvents, type WantedEvent } from './record-events.ts';
import { othersOfPerson, type Records } from './records.ts';
import * as store from './store.ts';

export interface DocumentWatchPorts {
  readonly records: Records;
  readonly book: SubscriptionBook;
  readonly keys: DocumentKeys;
  readonly rules: EndpointRules;
  readonly mails: Pick<MailRelay, 'whyNot'>;
  readonly settings: { readonly followedMax: number };
  readonly nowMs: () => number;
  readonly onNews: (followed: readonly Followed[]) => void;
}

const TYPE = 'Subscription';
const WRITTEN_TOPICS = ['task', 'written', 'overLimit'] as const;

export class DocumentWatch {
  readonly #ports: DocumentWatchPorts;
  /** What the server itself says of a subscription. */
  readonly #own = new WeakSet<Act>();

  constructor(ports: DocumentWatchPorts) {
    this.#ports = ports;
  }

  ownAct(act: Act): Act {
    this.#own.add(act);
    return act;
  }

  /** Before anything is done: the acts as they are to be performed. */
  readonly prepare = async (
    organisationId: OrganisationId,
    acts: readonly Act[],
    { baseUrl }: Pick<Asker, 'baseUrl'>,
  ): Promise<Answer<readonly Act[]>> => {
    const prepared: Act[] = [];
    for (const [index, act] of acts.entries()) {
      const isOurs = act.type !== TYPE || this.#own.has(act) || !('resource' in act);
      // Of another type than it says: refused like all such resources.
      if (isOurs || act.resource.resourceType !== TYPE) {
        prepared.push(act);
        continue;
      }
      const id = 'id' in act ? act.id : undefined;
      if (!this.#hasRoom({ organisationId, id })) return TOO_MANY;
      const resource = await this.#asked(organisationId, act.resource, baseUrl);
      if (!resource.ok) return { ok: false, refusal: { ...resource.refusal, act: index } };
      prepared.push({ ...act, resource: resource.value });
    }
    return { ok: true, value: prepared };
  };

  #hasRoom({ organisationId, id }: Pick<Followed, 'organisationId'> & { id: string | undefined }) {
    const own = [...this.#ports.book.all()].filter((one) => one.organisationId === organisationId);
    return own.length < this.#ports.settings.followedMax || own.some((one) => one.id === id);
  }

  async #asked(
    organisationId: OrganisationId,
    subscription: Subscription,
    baseUrl: string | undefined,
  ): Promise<Answer<Subscription>> {
    const issues = (await fhirKnowledge()).issuesOf(subscription);
    if (issues.some(isError)) return refuseInvalid(issues);
    const { status, channel } = subscription;
    if (status !== 'requested' && status !== 'off') return STATUS_IS_OURS;
    if (status === 'requested') {
      const { rules, mails, nowMs } = this.#ports;
      const plan = await readPlan(subscription, await readPorts(baseUrl, nowMs()));
      if (!plan.ok) return plan;
      const asked = plan.value.channel;
      const isAllowed = asked.kind !== 'rest-hook' || allowedEndpoint(asked.endpoint, rules);
      if (!isAllowed) return NOT_LISTED;
      const why = asked.kind === 'email' ? mails.whyNot(asked.domain) : undefined;
      if (why !== undefined) return noMail(why);
    }
    const place = { organisationId, endpoint: channel.endpoint ?? '' };
    const seal = this.#ports.keys.organisationSeal(organisationId);
    const header = channel.header?.map((one) => sealHeader(one, place, seal));
    const sealed = header?.filter((one) => one !== undefined);
    if (sealed?.length !== header?.length) return HEADER_MALFORMED;
    const { error: _ours, ...rest } = subscription;
    const told = sealed === undefined ? channel : { ...channel, header: sealed };
    return { ok: true, value: { ...rest, channel: told } };
  }

  readonly isConcerned = (
    organisationId: OrganisationId,
    documents: readonly WrittenDocument[],
  ): boolean => {
    const subscribers = this.#ports.book.begun(organisationId, WRITTEN_TOPICS);
    return documents.some(
      ({ document: { type } }) =>
        type === TYPE || subscribers.some(({ plan }) => plan.filters[0]?.type === type),
    );
  };

  /** In their transaction; what is returned is done once it is durable. */
  readonly written = async (
    tx: Transaction,
    organisationId: OrganisationId,
    requests: readonly WrittenRequest[],
  ): Promise<() => void> => {
    const { book, keys, onNews } = this.#ports;
    const wanted = requests.flatMap(({ documents }) => this.#wanted(organisationId, documents));
    const written = requests.flatMap(({ documents, asker }) =>
      documents.flatMap(({ document }) => (document.type === TYPE ? { document, asker } : [])),
    );
    // All at once and in their order, or two that write at the same time wait for each other.
    const own = written.map(({ document }) => document.id);
    const ids = new Set([...own, ...wanted.map(({ subscriptionId }) => subscriptionId)]);
    if (own.length > 0) await store.lockCounters(tx, organisationId, [...ids]);
    const followed: (() => Followed | undefined)[] = [];
    for (const { document, asker } of written) {
      followed.push(await this.#follow(tx, organisationId, document, asker));
      await this.#audit(tx, organisationId, document, asker);
    }
    const numbers = await recordEvents(tx, organisationId, wanted, keys);
    return () => {
      const asked = followed.flatMap((follow) => follow() ?? []);
      onNews([...asked, ...book.note(organisationId, numbers)]);
    };
  };

  /** Who has records sent outside, or no longer. What the server says of one by itself is no act. */
  async #audit(
    tx: Transaction,
    organisationId: OrganisationId,
    { id }: FhirDocument,
    { actor, baseUrl }: WrittenRequest['asker'],
  ): Promise<void> {
    if (actor === undefined && baseUrl === undefined) return;
    const atMs = this.#ports.nowMs();
    const entry = { target: `subscription/${id}`, act: 'subscription-written', atMs } as const;
    await appendAudit(tx, { organisationId, actor, ...entry });
  }

  async #follow(
    tx: Transaction,
    organisationId: OrganisationId,
    { id, versionId, text }: FhirDocument,
    { baseUrl, maker }: Asker,
  ): Promise<() => Followed | undefined> {
    const { book, keys, nowMs } = this.#ports;
    const key = { organisationId, id };
    const before = await store.readSubscription(tx, key);
    const resource = text === undefined ? undefined : (JSON.parse(text) as Subscription);
    const status = resource?.status ?? 'off';
    if (status === 'off' && before === undefined) return () => undefined;
    const version = Number(versionId);
    const seal = keys.organisationSeal(organisationId);
    const sealed = seal.seal(
      Buffer.from(text ?? '{}'),
      subscriptionContext(organisationId, id, version),
    );
    const base_url = baseUrl ?? before?.base_url ?? null;
    await store.writeSubscription(tx, {
      ...{ organisation_id: organisationId, id, version, status, base_url, sealed },
      maker: maker === undefined ? null : JSON.stringify(maker),
    });
    const row = await store.readSubscription(tx, key);
    if (resource === undefined || status === 'off' || row === undefined) {
      return () => {
        book.forget(key);
        return undefined;
      };
    }
    const plan = await readPlan(resource, await readPorts(base_url ?? undefined, nowMs()));
    return () => (plan.ok ? book.put(row, plan.value, resource.error) : undefined);
  }

  #wanted(organisationId: OrganisationId, documents: readonly WrittenDocument[]): WantedEvent[] {
    const subscribers = this.#ports.book.begun(organisationId, WRITTEN_TOPICS);
    if (subscribers.length === 0) return [];
    const atMs = this.#ports.nowMs();
    const { records } = this.#ports;
    const behind: RecordsBehind = (id) => othersOfPerson(id, records);
    return documents.flatMap(({ document, subjectId }) => {
      const { type, id, versionId, text } = document;
      const own = subscribers.filter(({ plan }) => plan.filters[0]?.type === type);
      const [first] = own;
      if (first === undefined) return [];
      const rows = text === undefined ? undefined : first.plan.rowsOf(JSON.parse(text) as Resource);
      const isDeleted = rows === undefined;
      const content = { kind: 'document', type, id, version: versionId, isDeleted } as const;
      return own
        .filter(({ plan }) => isWanted(plan.filters, rows, behind))
        .map((one) => ({ subscriptionId: one.id, subjectId, cause: undefined, atMs, content }));
    });
  }
}

/** Of what is deleted nobody knows any more what it was: told to whoever asks for all of its type. */
function isWanted(
  filters: Followed['plan']['filters'],
  rows: readonly SearchRow[] | undefined,
  behind: RecordsBehind,
): boolean {
  const asked = filters.flatMap(({ query }) => withRecordsBehind(query, behind).filters);
  if (rows === undefined) return asked.length === 0;
  return asked.every(
    (filter) => filter.kind !== 'chain' && filter.kind !== 'has' && passesFilter(filter, rows),
  );
}

type Refused = { readonly ok: false; readonly refusal: Refusal };

const STATUS_IS_OURS: Refused = refuse(422, {
  code: 'business-rule',
  text: 'A subscriber writes requested or off: the server says the rest.',
  at: 'Subscription.status',
});

const TOO_MANY: Refused = refuse(422, {
  code: 'too-costly',
  text: 'An organisation has no more Subscriptions than that: write others as off.',
  at: 'Subscription',
});

function noMail(text: string): Refused {
  return refuse(422, { code: 'forbidden', text, at: 'Subscription.channel.endpoint' });
}

const NOT_LISTED: Refused = refuse(422, {
  code: 'forbidden',
  text: 'The endpoint is not below an address that the operator has listed in AUSCULTA_HOOKS.',
  at: 'Subscription.channel.endpoint',
});

const HEADER_MALFORMED: Refused = refuse(422, {
  code: 'invalid',
  text: 'A header is "Name: value", none that frames the request, and a sealed one is for its endpoint alone.',
  at: 'Subscription.channel.header',
});
