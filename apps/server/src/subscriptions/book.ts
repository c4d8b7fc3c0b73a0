/** The subscriptions that are followed, in memory: who wants what, and how far each has been told. */
import { parseSearch } from '@ausculta/fhir/search-url';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Subscription } from '@medplum/fhirtypes';
import type { Sql } from '../database/pool.ts';
import { isKept } from '../fhir/allowed.ts';
import type { DocumentKeys } from '../fhir/document.ts';
import { fhirKnowledge } from '../fhir/knowledge.ts';
import type { Maker } from '../people/makers.ts';
import { type Plan, type ReadPorts, readPlan } from './asked.ts';
import type { Standing } from './next-step.ts';
import type { Numbers } from './record-events.ts';
import * as store from './store.ts';

export interface Followed extends store.SubscriptionKey {
  readonly version: number;
  readonly baseUrl: string;
  readonly plan: Plan;
  /** For whom it acts; undefined: nobody knows. */
  readonly maker: Maker | undefined;
  /** Why it tells nothing any more, where whoever asked for it may see nothing of it. */
  ended: string | undefined;
  /** Whether events are kept for it. */
  readonly isBegun: boolean;
  standing: Standing;
  failures: number;
  /** Why nothing arrives, where that is so. */
  reason: string | undefined;
  /** Of all versions of it: one notification at a time. */
  readonly turn: { isTaken: boolean };
}

export interface BookPorts {
  readonly sql: Sql;
  readonly keys: DocumentKeys;
  readonly nowMs: () => number;
  readonly onProblem: (what: string, error: unknown) => void;
}

export const subscriptionContext = (organisationId: string, id: string, version: number): string =>
  `subscription/${organisationId}/${id}/${version}`;

const keyText = ({ organisationId, id }: store.SubscriptionKey): string =>
  `${organisationId}/${id}`;

export class SubscriptionBook {
  readonly #ports: BookPorts;
  readonly #followed = new Map<string, Followed>();
  /** Another number whenever somebody else is followed, or for something else. */
  revision = 0;

  static async open(ports: BookPorts): Promise<SubscriptionBook> {
    const book = new SubscriptionBook(ports);
    for (const row of await store.readSubscriptions(ports.sql)) {
      if (row.status === 'off') continue;
      const asked = await book.#askedBy(row);
      if (asked === undefined)
        ports.onProblem('read a subscription', new Error('it is not understood'));
      else book.put(row, asked.plan, asked.error);
    }
    return book;
  }

  private constructor(ports: BookPorts) {
    this.#ports = ports;
  }

  async #askedBy(
    row: store.SubscriptionRow,
  ): Promise<{ readonly plan: Plan; readonly error: string | undefined } | undefined> {
    const { organisation_id: organisationId, id, version } = row;
    const seal = this.#ports.keys.organisationSeal(organisationId);
    const opened = seal.open(row.sealed, subscriptionContext(organisationId, id, version));
    if (!opened.ok) return undefined;
    const resource = JSON.parse(Buffer.from(opened.value).toString()) as Subscription;
    const plan = await readPlan(
      resource,
      await readPorts(row.base_url ?? undefined, this.#ports.nowMs()),
    );
    return plan.ok ? { plan: plan.value, error: resource.error } : undefined;
  }

  /** As its row is by now. */
  put(row: store.SubscriptionRow, plan: Plan, reason: string | undefined): Followed {
    const key = { organisationId: row.organisation_id, id: row.id };
    const known = this.#followed.get(keyText(key));
    const before = known?.standing;
    const standing = {
      status: row.status,
      lastEvent: Math.max(row.last_event, before?.lastEvent ?? 0),
      delivered: Math.max(row.delivered, before?.delivered ?? 0),
      failingSinceMs: row.failing_since_ms ?? undefined,
      failedMs: undefined,
      retryAtMs: Number.NEGATIVE_INFINITY,
      lastSentMs: before?.lastSentMs ?? this.#ports.nowMs(),
    };
    const followed: Followed = {
      ...{ ...key, version: row.version, baseUrl: row.base_url ?? '', plan, isBegun: row.is_begun },
      ...{ maker: row.maker === null ? undefined : (JSON.parse(row.maker) as Maker) },
      ended: undefined,
      ...{ standing, failures: 0, reason, turn: known?.turn ?? { isTaken: false } },
    };
    this.#followed.set(keyText(key), followed);
    this.revision += 1;
    return followed;
  }

  forget(key: store.SubscriptionKey): void {
    this.#followed.delete(keyText(key));
    this.revision += 1;
  }

  /** False for what was written anew since. */
  isCurrent(followed: Followed): boolean {
    return this.#followed.get(keyText(followed)) === followed;
  }

  get(key: store.SubscriptionKey): Followed | undefined {
    return this.#followed.get(keyText(key));
  }

  all(): Iterable<Followed> {
    return this.#followed.values();
  }

  /** Those for whom events of these topics are kept. */
  begun(organisationId: OrganisationId, topics: readonly Plan['topic'][]): Followed[] {
    return [...this.#followed.values()].filter(
      (one) =>
        one.isBegun && one.organisationId === organisationId && topics.includes(one.plan.topic),
    );
  }

  /** Durable by now; returns those that have something new. */
  note(organisationId: OrganisationId, numbers: Numbers): Followed[] {
    return [...numbers].flatMap(([id, number]) => {
      const followed = this.get({ organisationId, id });
      if (followed === undefined) return [];
      const lastEvent = Math.max(followed.standing.lastEvent, number);
      followed.standing = { ...followed.standing, lastEvent };
      return [followed];
    });
  }
}

export async function readPorts(baseUrl: string | undefined, nowMs: number): Promise<ReadPorts> {
  const { definitions, rowsOf } = await fhirKnowledge();
  return {
    rowsOf,
    parse: (type, parameters) =>
      Promise.resolve(
        parseSearch(type, parameters, { definitions, isStrict: true, baseUrl, nowMs }),
      ),
    isKept: (type) => isKept(type, definitions.resourceTypes),
  };
}
