/** Makes notifications of stored events: with what they are about, as far as the subscriber is told. */
import { parsePrecise } from '@ausculta/fhir/precise-json';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Reference } from '@medplum/fhirtypes';
import type { ReadAs } from '../database/readers.ts';
import type { DocumentKeys } from '../fhir/document.ts';
import type { Repository } from '../fhir/repository.ts';
import type { Content } from './asked.ts';
import type { Followed } from './book.ts';
import { urnOf } from './event-content.ts';
import {
  asTold,
  type Focus,
  type NotificationType,
  notificationText,
  type Told,
  type ToldEvent,
} from './notification.ts';
import { contentOf } from './record-events.ts';
import * as store from './store.ts';

export interface TellingPorts {
  readonly read: ReadAs;
  readonly keys: DocumentKeys;
  readonly repository: () => Pick<Repository, 'read' | 'readVersion'>;
  readonly nowMs: () => number;
  readonly newId: () => string;
}

export interface Span {
  readonly from: number;
  readonly until: number;
  readonly limit: number;
}

/** A notification has so much of resources; what is beyond comes with the next. */
const TEXT_MAX = 4 * 1024 * 1024;

export class Telling {
  readonly #ports: TellingPorts;

  constructor(ports: TellingPorts) {
    this.#ports = ports;
  }

  /** In their order; what has expired is left out, and so is what would make it too long. */
  async events(key: store.SubscriptionKey, span: Span, content: Content): Promise<ToldEvent[]> {
    const { read } = this.#ports;
    const rows = await read(key.organisationId, (tx) => store.readEvents(tx, key, span));
    const told: ToldEvent[] = [];
    let length = 0;
    for (const row of rows) {
      const focus =
        content === 'empty'
          ? undefined
          : await this.#focusOf(key, row, content === 'full-resource');
      const event = asTold({ number: row.number, atMs: row.at_ms, focus }, content);
      length += event.focus?.text?.length ?? 0;
      if (length > TEXT_MAX && told.length > 0) break;
      told.push(event);
    }
    return told;
  }

  async #focusOf(
    { organisationId, id }: store.SubscriptionKey,
    row: store.EventRow,
    isFull: boolean,
  ): Promise<Focus | undefined> {
    const content = contentOf(organisationId, id, row, this.#ports.keys);
    if (content === undefined) return undefined;
    if (content.kind === 'alarm') {
      const { flag } = content;
      const url = urnOf(flag);
      const [identifier] = flag.identifier ?? [];
      const reference: Reference = {
        ...{ reference: url, type: 'Flag' },
        ...(identifier && { identifier }),
      };
      return { reference, method: 'GET', url, text: JSON.stringify(flag) };
    }
    const type = content.kind === 'reading' ? 'Observation' : content.type;
    const url = `${type}/${content.id}`;
    const reference = { reference: url };
    if (content.kind === 'reading') {
      const text = isFull ? await this.#readingText(organisationId, content.id) : undefined;
      return { reference, method: 'GET', url, text };
    }
    if (content.isDeleted) return { reference, method: 'DELETE', url, text: undefined };
    const method = content.version === '1' ? 'POST' : 'PUT';
    if (!isFull) return { reference, method, url, text: undefined };
    const name = { type, id: content.id, versionId: content.version };
    const version = await this.#ports.repository().readVersion(organisationId, name);
    return { reference, method, url, text: version.ok ? version.value.text : undefined };
  }

  async #readingText(organisationId: OrganisationId, id: string): Promise<string | undefined> {
    const read = await this.#ports.repository().read(organisationId, { type: 'Observation', id });
    return read.ok ? read.value.text : undefined;
  }

  told(
    followed: Followed,
    type: NotificationType,
    { events = [], errors = [] }: Partial<Pick<Told, 'events' | 'errors'>> = {},
  ): Told {
    const { baseUrl, id, plan, standing } = followed;
    const { status, lastEvent } = standing;
    const subscription = { baseUrl, subscriptionId: id, topic: plan.topic, status };
    return { ...subscription, type, lastEvent, events, errors };
  }

  text(told: Told, link?: readonly { relation: string; url: string }[]): string {
    const { newId, nowMs } = this.#ports;
    return notificationText(told, {
      id: newId(),
      nowMs: nowMs(),
      ...(link !== undefined && { link }),
    });
  }
}

/** A Subscription's text with another status; our own words beside it. */
export function withStatus(
  text: string,
  status: store.SubscriptionStatus,
  reason: string | undefined,
): { readonly resource: object; readonly hasPrecise: boolean } {
  const { value, hasPrecise } = parsePrecise(text);
  const { error: _before, ...rest } = value as { error?: string };
  const said = reason === undefined ? {} : { error: reason };
  return { resource: { ...rest, status, ...said }, hasPrecise };
}
