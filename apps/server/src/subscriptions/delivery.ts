/**
 * Delivers: for each subscription one notification after the other, in the order of their numbers, again and
 * again until the endpoint has taken it. Where it does not for too long, the subscription is in error, says
 * so, and keeps its events; delivery goes on when somebody requests it anew.
 */
import type { Resource } from '@medplum/fhirtypes';
import type { Sql } from '../database/pool.ts';
import { viewAsPlatform } from '../database/viewing.ts';
import type { Disclosure, Ledger } from '../disclosures/ledger.ts';
import type { Act } from '../fhir/acts.ts';
import type { DocumentKeys } from '../fhir/document.ts';
import type { Repository } from '../fhir/repository.ts';
import { allowedEndpoint, type EndpointRules } from '../outgoing/endpoints.ts';
import type { Followed, SubscriptionBook } from './book.ts';
import { openHeader } from './headers.ts';
import { asMailed, mailOf } from './mail-notification.ts';
import type { MailRelay } from './mail-relay.ts';
import { nextStep, retryDelayMs, type Step } from './next-step.ts';
import type { NotificationType, Told, ToldEvent } from './notification.ts';
import type { RestHooks, Sent } from './rest-hook.ts';
import type { Sight } from './sight.ts';
import { signed } from './signing.ts';
import * as store from './store.ts';
import { type Telling, withStatus } from './telling.ts';

export interface DeliveryPorts {
  readonly sql: Sql;
  readonly book: SubscriptionBook;
  readonly keys: DocumentKeys;
  readonly rules: EndpointRules;
  readonly hooks: Pick<RestHooks, 'send'>;
  readonly mails: Pick<MailRelay, 'send' | 'whyNot'>;
  readonly telling: Telling;
  readonly sight: Pick<Sight, 'viewerFor'>;
  readonly ledger: Pick<Ledger, 'enter'>;
  readonly repository: () => Pick<Repository, 'read' | 'perform'>;
  readonly ownAct: (act: Act) => Act;
  readonly giveUpMs: number;
  readonly nowMs: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly onProblem: (what: string, error: unknown) => void;
}

type Channel = Exclude<Followed['plan']['channel'], { kind: 'websocket' }>;

/** A mail tells all that has happened since the last one: of each its number and its time. */
const EVENTS_A_MAIL = 1_000;

export class Delivery {
  readonly #ports: DeliveryPorts;
  readonly #running = new Set<Promise<void>>();
  readonly #unsaved = new Set<Followed>();
  #saving: Promise<void> | undefined;
  #isClosed = false;

  constructor(ports: DeliveryPorts) {
    this.#ports = ports;
  }

  /** Looks at all of them: for what only the clock brings. */
  tick(): void {
    for (const followed of this.#ports.book.all()) this.wake(followed);
  }

  wake(followed: Followed): void {
    const { turn } = followed;
    if (turn.isTaken || this.#isClosed || this.#next(followed) === undefined) return;
    turn.isTaken = true;
    // Whatever has caused it: what is told is asked for as whoever subscribed.
    const running = viewAsPlatform(() => this.#run(followed)).finally(() => {
      turn.isTaken = false;
      this.#running.delete(running);
      const current = this.#ports.book.get(followed);
      if (current !== undefined && current !== followed) this.wake(current);
    });
    this.#running.add(running);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#running);
    await this.#saving;
  }

  #next({ standing, plan, ended }: Followed): Step | undefined {
    const { nowMs, giveUpMs } = this.#ports;
    return nextStep(standing, plan, { nowMs: nowMs(), giveUpMs, hasEnded: ended !== undefined });
  }

  async #run(followed: Followed): Promise<void> {
    const { book, onProblem } = this.#ports;
    try {
      while (!this.#isClosed && book.isCurrent(followed)) {
        const step = this.#next(followed);
        if (step === undefined) return;
        await this.#do(followed, step);
      }
    } catch (error) {
      // Ours, such as a database that is away: the endpoint has no part in it.
      this.#later(followed);
      if (!this.#isClosed) onProblem('tell a subscriber', error);
    }
  }

  #later(followed: Followed): void {
    const { randomBytes, nowMs } = this.#ports;
    const chance = (randomBytes(1)[0] ?? 0) / 255;
    const retryAtMs = nowMs() + retryDelayMs(followed.failures, chance);
    followed.failures += 1;
    followed.standing = { ...followed.standing, retryAtMs };
  }

  async #do(followed: Followed, step: Step): Promise<void> {
    const { channel } = followed.plan;
    switch (step) {
      case 'handshake': {
        const sent =
          channel.kind === 'websocket' ? TAKEN : await this.#send(followed, channel, 'handshake');
        if (sent.ok) return await this.#become(followed, 'active');
        // A relay may ask to be tried again before it knows a sender.
        if (channel.kind === 'email' && sent.isFinal !== true)
          return this.#note(followed, sent, followed.standing.delivered);
        return await this.#become(followed, 'error', `The handshake failed. ${sent.reason}`);
      }
      case 'events':
        if (channel.kind !== 'websocket') await this.#sendEvents(followed, channel);
        return;
      case 'heartbeat': {
        if (channel.kind === 'websocket') return;
        const sent = await this.#send(followed, channel, 'heartbeat');
        return await this.#took(followed, sent, followed.standing.delivered);
      }
      case 'last-word':
        return await this.#endIt(followed, followed.ended ?? '');
      case 'give-up':
        await this.#become(
          followed,
          'error',
          `Nothing arrives any more. ${followed.reason ?? ''}`.trim(),
        );
        return;
      case 'end':
        await this.#become(followed, 'off');
        return;
      default:
        step satisfies never;
    }
  }

  /** Not in silence: the word comes before the end is written down, and again after a crash in between. */
  async #endIt(followed: Followed, reason: string): Promise<void> {
    const { channel } = followed.plan;
    const { status, failingSinceMs, delivered } = followed.standing;
    const { nowMs, giveUpMs } = this.#ports;
    const hasSomebodyHeard = status === 'active' && channel.kind !== 'websocket';
    const sent = hasSomebodyHeard
      ? await this.#send(followed, channel, 'heartbeat', { status: 'error', errors: [reason] })
      : TAKEN;
    const isHopeless =
      !sent.ok &&
      (sent.isFinal === true ||
        (failingSinceMs !== undefined && nowMs() - failingSinceMs >= giveUpMs));
    if (sent.ok || isHopeless) return await this.#become(followed, 'error', reason);
    this.#note(followed, sent, delivered);
  }

  async #sendEvents(followed: Followed, channel: Channel): Promise<void> {
    const { telling, sight } = this.#ports;
    const { plan, standing } = followed;
    const limit = channel.kind === 'email' ? EVENTS_A_MAIL : plan.eventsMax;
    const span = { from: standing.delivered + 1, until: standing.lastEvent, limit };
    const eyes = [await sight.viewerFor(followed)];
    const events = await telling.events(followed, span, { content: plan.content, eyes });
    const last = events.at(-1)?.number;
    // All of them have expired: the subscriber sees it by the next number, and by $status.
    if (last === undefined) return this.#note(followed, TAKEN, standing.lastEvent);
    const sent = await this.#send(followed, channel, 'event-notification', { events });
    await this.#took(followed, sent, last);
  }

  async #took(followed: Followed, sent: Sent, delivered: number): Promise<void> {
    this.#note(followed, sent, delivered);
    // Nobody has the address any more: its events are kept until somebody names another.
    if (!sent.ok && sent.isFinal === true)
      await this.#become(followed, 'error', `Nothing is taken any more. ${sent.reason}`);
  }

  async #send(
    followed: Followed,
    channel: Channel,
    type: NotificationType,
    more: Said = {},
  ): Promise<Sent> {
    const sent =
      channel.kind === 'email'
        ? await this.#mail(followed, channel, { type, ...more })
        : await this.#hook(followed, channel, { type, ...more });
    const { nowMs, ledger } = this.#ports;
    if (sent.ok) await ledger.enter(toldOutside(followed, channel, more.events ?? []));
    if (sent.ok) followed.standing = { ...followed.standing, lastSentMs: nowMs() };
    return sent;
  }

  async #mail(
    followed: Followed,
    { address, domain }: Extract<Channel, { kind: 'email' }>,
    { type, events = [], ...more }: Notified,
  ): Promise<Sent> {
    const { mails, telling, nowMs } = this.#ports;
    // The operator may have taken it from the list since.
    const reason = mails.whyNot(domain);
    if (reason !== undefined) return { ok: false, reason };
    const told = telling.told(followed, type, { ...more, events: events.map(asMailed) });
    const { name: messageId, ...words } = mailOf(told, { nowMs: nowMs() });
    const mail = { to: address, ...words, messageId, notification: telling.text(told) };
    return await mails.send(mail, followed.plan.timeoutMs);
  }

  async #hook(
    followed: Followed,
    channel: Extract<Channel, { kind: 'rest-hook' }>,
    { type, ...more }: Notified,
  ): Promise<Sent> {
    const { rules, keys, telling, hooks, nowMs } = this.#ports;
    const { organisationId, plan } = followed;
    // The operator may have taken it from the list since.
    const url = allowedEndpoint(channel.endpoint, rules);
    if (url === undefined) return NOT_LISTED;
    const place = { organisationId, endpoint: channel.endpoint };
    const seal = keys.organisationSeal(organisationId);
    const headers = channel.headers.map((one) => openHeader(one, place, seal));
    const opened = headers.filter((one) => one !== undefined);
    if (opened.length < headers.length) return HEADER_UNREADABLE;
    const body = telling.text(telling.told(followed, type, more));
    const message = { id: messageId(followed, { type, ...more }, nowMs()), atMs: nowMs(), body };
    const { timeoutMs } = plan;
    return await hooks.send({ url, headers: signed(opened, message), body, timeoutMs });
  }

  #note(asked: Followed, sent: Sent, delivered: number): void {
    const { book, nowMs } = this.#ports;
    // Written anew while it was on its way: what has arrived has arrived for that one too, at one place.
    const current = book.get(asked) ?? asked;
    const followed = endpointOf(current) === endpointOf(asked) ? current : asked;
    const { standing } = followed;
    if (!sent.ok) {
      if (followed !== asked) return;
      followed.reason = sent.reason;
      this.#later(followed);
      followed.standing = { ...followed.standing, failedMs: nowMs() };
      if (standing.failingSinceMs !== undefined) return;
      followed.standing = { ...followed.standing, failingSinceMs: nowMs() };
      this.#save(followed);
      return;
    }
    followed.reason = undefined;
    followed.failures = 0;
    const isSame = delivered === standing.delivered && standing.failingSinceMs === undefined;
    followed.standing = { ...standing, delivered, failingSinceMs: undefined, failedMs: undefined };
    if (!isSame) this.#save(followed);
  }

  /** Beside what is delivered next: after a crash in between, something comes twice under its number. */
  #save(followed: Followed): void {
    this.#unsaved.add(followed);
    this.#saving ??= this.#saveAll();
  }

  async #saveAll(): Promise<void> {
    const { sql, onProblem } = this.#ports;
    await Promise.resolve();
    for (const followed of this.#unsaved) {
      this.#unsaved.delete(followed);
      const { delivered, failingSinceMs } = followed.standing;
      await store
        .noteDelivery(sql, followed, { delivered, failingSinceMs })
        .catch((error: unknown) => onProblem('note what a subscriber has taken', error));
    }
    // At once: whoever is to be noted from here on begins anew.
    this.#saving = undefined;
  }

  /** Written as a version of the Subscription, unless somebody has written another meanwhile. */
  async #become(
    followed: Followed,
    status: store.SubscriptionStatus,
    reason?: string,
  ): Promise<void> {
    const { repository, ownAct, book } = this.#ports;
    const { organisationId, id } = followed;
    const name = { type: 'Subscription', id };
    const read = await repository().read(organisationId, name);
    if (!read.ok || read.value.text === undefined) return book.forget(followed);
    if (read.value.versionId !== String(followed.version)) return this.#later(followed);
    const { resource, hasPrecise } = withStatus(read.value.text, status, reason);
    const given = { resource: resource as Resource, hasPrecise, ifMatch: read.value.versionId };
    const act = ownAct({ kind: 'update', ...name, ...given });
    const asker = { actor: undefined, baseUrl: undefined };
    const performed = await repository().perform(organisationId, [act], asker);
    if (!performed.ok) this.#later(followed);
  }
}

/** What of whom has just arrived out there. */
function toldOutside(
  { organisationId, id }: Followed,
  channel: Channel,
  events: readonly ToldEvent[],
): Disclosure[] {
  const place = channel.kind === 'email' ? channel.domain : new URL(channel.endpoint).host;
  return events.flatMap(({ about }): Disclosure[] =>
    about === undefined
      ? []
      : [
          {
            ...{ organisationId, ...about, way: 'subscription', place },
            ...{ recipient: `subscription/${id}`, purpose: 'TREAT', basis: 'law' },
          },
        ],
  );
}

interface Said extends Partial<Pick<Told, 'events' | 'errors' | 'status'>> {}

interface Notified extends Said {
  readonly type: NotificationType;
}

/** Of events the same each time; a heartbeat is another one each time. */
function messageId({ id }: Followed, { type, events = [] }: Notified, nowMs: number): string {
  const [first, last] = [events.at(0)?.number, events.at(-1)?.number];
  const what = first === undefined ? `${type}-${nowMs}` : `${first}-${last}`;
  return `msg_${id}-${what}`;
}

const TAKEN: Sent = { ok: true };

const NOT_LISTED: Sent = {
  ok: false,
  reason: 'The endpoint is not below an address that the operator has listed.',
};

const HEADER_UNREADABLE: Sent = {
  ok: false,
  reason: 'A header of the endpoint cannot be read: write it anew.',
};

/** Undefined for a socket. */
function endpointOf({ plan: { channel } }: Followed): string | undefined {
  if (channel.kind === 'websocket') return undefined;
  return channel.kind === 'email' ? channel.address : channel.endpoint;
}
