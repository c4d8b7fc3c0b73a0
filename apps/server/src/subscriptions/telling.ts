/** Makes notifications of stored events: with what they are about, as far as the subscriber is told. */
import { parsePrecise } from '@ausculta/fhir/precise-json';
import type { DataClass } from '@ausculta/policy/vocabulary';
import type { Reference } from '@medplum/fhirtypes';
import { classesOfType } from '../access/document-class.ts';
import type { ReadAs } from '../database/readers.ts';
import type { DocumentKeys } from '../fhir/document.ts';
import type { Content } from './asked.ts';
import type { Followed } from './book.ts';
import { type EventContent, urnOf } from './event-content.ts';
import {
  asTold,
  type Focus,
  type NotificationType,
  notificationText,
  type Told,
  type ToldEvent,
} from './notification.ts';
import { contentOf } from './record-events.ts';
import type { Eyes, Sight } from './sight.ts';
import * as store from './store.ts';

export interface TellingPorts {
  readonly read: ReadAs;
  readonly keys: DocumentKeys;
  readonly sight: Pick<Sight, 'see'>;
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
  async events(
    key: store.SubscriptionKey,
    span: Span,
    { content, eyes }: { readonly content: Content; readonly eyes: Eyes },
  ): Promise<ToldEvent[]> {
    const { read } = this.#ports;
    const rows = await read(key.organisationId, (tx) => store.readEvents(tx, key, span));
    const told: ToldEvent[] = [];
    let length = 0;
    for (const row of rows) {
      const seen = content === 'empty' ? NOTHING : await this.#focusOf(key, row, { content, eyes });
      const event = asTold({ number: row.number, atMs: row.at_ms, ...seen }, content);
      length += event.focus?.text?.length ?? 0;
      if (length > TEXT_MAX && told.length > 0) break;
      told.push(event);
    }
    return told;
  }

  async #focusOf(
    key: store.SubscriptionKey,
    row: store.EventRow,
    { content: told, eyes }: { readonly content: Content; readonly eyes: Eyes },
  ): Promise<Seen> {
    const { keys, sight } = this.#ports;
    const content = contentOf(key.organisationId, key.id, row, keys);
    if (content === undefined) return NOTHING;
    const isFull = told === 'full-resource';
    const event = { content, subjectId: row.subject_id };
    const sighting = await sight.see(key, event, { eyes, isFull });
    if (!sighting.isSeen) return KEPT_BACK;
    const focus = focusOn(content, isFull ? sighting.text : undefined);
    const { subject_id: subjectId } = row;
    const about = subjectId === null ? undefined : { subjectId, classes: classesOf(content) };
    return { focus, isKeptBack: false, ...(about && { about }) };
  }

  told(
    followed: Followed,
    type: NotificationType,
    more: Partial<Pick<Told, 'events' | 'errors' | 'status'>> = {},
  ): Told {
    const { events = [], errors = [], status = followed.standing.status } = more;
    const { baseUrl, id, plan, standing } = followed;
    const { lastEvent } = standing;
    const subscription = { baseUrl, subscriptionId: id, topic: plan.topic, status };
    const isWhole = !events.some(({ isKeptBack }) => isKeptBack);
    const said = isWhole ? errors : [...errors, PART_KEPT_BACK];
    return { ...subscription, type, lastEvent, events, errors: said };
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

type Seen = Omit<ToldEvent, 'number' | 'atMs'>;

const NOTHING: Seen = { focus: undefined, isKeptBack: false };
const KEPT_BACK: Seen = { focus: undefined, isKeptBack: true };

const PART_KEPT_BACK =
  'Events without a focus are not told: whoever asked for this subscription may not see what they are about.';

function classesOf(content: EventContent): readonly DataClass[] {
  if (content.kind === 'alarm') return ['alarms'];
  return content.kind === 'reading' ? ['vitals'] : classesOfType(content.type);
}

function focusOn(content: EventContent, text: string | undefined): Focus {
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
  if (content.kind === 'reading') return { reference, method: 'GET', url, text };
  if (content.isDeleted) return { reference, method: 'DELETE', url, text: undefined };
  return { reference, method: content.version === '1' ? 'POST' : 'PUT', url, text };
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
