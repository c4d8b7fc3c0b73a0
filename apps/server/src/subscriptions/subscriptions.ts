/** Subscriptions of all organisations: who asks is told of events, again and again until it has arrived. */
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Parameters } from '@medplum/fhirtypes';
import type { Viewer } from '../access/viewer.ts';
import type { Viewers } from '../access/viewers.ts';
import type { ReadAs } from '../database/readers.ts';
import type { Act } from '../fhir/acts.ts';
import type { Repository } from '../fhir/repository.ts';
import type { Arrival } from '../line/consume.ts';
import type { SignedInSockets } from '../live/signed-in-sockets.ts';
import type { EndpointRules } from '../outgoing/endpoints.ts';
import type { Outside } from '../outside.ts';
import type { Part } from '../status/routes.ts';
import { AlarmWatch, type AlarmWatchPorts } from './alarm-watch.ts';
import type { Content } from './asked.ts';
import { type Followed, SubscriptionBook } from './book.ts';
import { Delivery, type DeliveryPorts } from './delivery.ts';
import { DocumentWatch } from './document-watch.ts';
import { MailRelay } from './mail-relay.ts';
import type { MailSettings } from './mail-settings.ts';
import { statusOf } from './notification.ts';
import { ReadingWatch, type ReadingWatchPorts } from './reading-watch.ts';
import { type RestHookPorts, RestHooks } from './rest-hook.ts';
import { Sight, type SightPorts } from './sight.ts';
import { SubscriptionSockets } from './sockets.ts';
import * as store from './store.ts';
import { type Span, Telling } from './telling.ts';

/** What the operator has said. */
export interface SubscriptionSettings extends EndpointRules {
  /** An endpoint that has taken nothing for so long is given up until somebody requests it anew. */
  readonly giveUpMs: number;
  /** Events can be asked for again for so long. */
  readonly keptMs: number;
  /** Of one organisation: each is asked about all that happens. */
  readonly followedMax: number;
  /** Undefined: no mail is sent from here. */
  readonly mail: MailSettings | undefined;
}

/** Who asks for what has happened: they are told no more than they and the subscriber may both see. */
interface EventsAsked {
  readonly span: Span;
  readonly content: Content | undefined;
  readonly viewer: Viewer;
}

type Own =
  | 'book'
  | 'mails'
  | 'onNews'
  | 'telling'
  | 'sight'
  | 'hooks'
  | 'repository'
  | 'ownAct'
  | 'rules'
  | 'giveUpMs';

export interface SubscriptionsPorts
  extends Omit<AlarmWatchPorts & ReadingWatchPorts & DeliveryPorts, Own> {
  readonly settings: SubscriptionSettings;
  readonly sockets: SignedInSockets;
  readonly newId: () => string;
  readonly randomToken: () => string;
  readonly read: ReadAs;
  readonly resolve: RestHookPorts['resolve'];
  readonly after: Outside['after'];
  /** Resolves when the alarms that the book has told of are durable. */
  readonly alarmsSettled: () => Promise<void>;
  readonly makers: SightPorts['makers'];
}

/** What is there once the server is. */
interface Opened {
  readonly repository: Repositories;
  readonly viewers: Viewers;
}

type Repositories = Pick<Repository, 'read' | 'readVersion' | 'perform'>;

export class Subscriptions {
  readonly #ports: SubscriptionsPorts;
  readonly #book: SubscriptionBook;
  readonly #sight: Sight;
  readonly #telling: Telling;
  readonly #delivery: Delivery;
  readonly #hooks: RestHooks;
  readonly #alarms: AlarmWatch;
  readonly #readings: ReadingWatch;
  readonly documents: DocumentWatch;
  readonly sockets: SubscriptionSockets;
  #open: Opened | undefined;
  /** As of which change of who sees whom it was last looked who has ended. */
  #lookedVersion = -1;
  #isLookingForEnded = false;
  #hasNewAlarm = false;
  #noting: Promise<void> | undefined;

  static async open(ports: SubscriptionsPorts): Promise<Subscriptions> {
    return new Subscriptions(ports, await SubscriptionBook.open(ports));
  }

  private constructor(ports: SubscriptionsPorts, book: SubscriptionBook) {
    const { settings } = ports;
    this.#ports = ports;
    this.#book = book;
    const onNews = (followed: readonly Followed[]): void => this.#wake(followed);
    const mails = new MailRelay(settings.mail);
    const own = { ...ports, book, onNews, rules: settings, mails };
    const opened = (): Opened => {
      if (this.#open === undefined) throw new Error('broken invariant: documents are open');
      return this.#open;
    };
    const repository = (): Repositories => opened().repository;
    this.documents = new DocumentWatch(own);
    const sight = new Sight({ ...ports, repository, viewers: () => opened().viewers });
    this.#sight = sight;
    this.#telling = new Telling({ ...ports, sight });
    this.#hooks = new RestHooks({ ...ports, rules: settings });
    this.#alarms = new AlarmWatch(own);
    this.#readings = new ReadingWatch(own);
    this.sockets = new SubscriptionSockets({ ...own, sight, telling: this.#telling });
    this.#delivery = new Delivery({
      ...own,
      ...{ hooks: this.#hooks, telling: this.#telling, sight, repository },
      giveUpMs: settings.giveUpMs,
      ownAct: (act: Act) => this.documents.ownAct(act),
    });
  }

  /** From here on it is told: what has been waiting since before this start comes first. */
  begin(opened: Opened): void {
    const { repository } = opened;
    this.#open = opened;
    this.#alarms.look();
    this.#delivery.tick();
    this.#followUnknown(repository).catch((error: unknown) =>
      this.#ports.onProblem('look for subscriptions that were moved here', error),
    );
  }

  /** It says active where it came from, and nobody here has been asked: it is in error until somebody asks. */
  async #followUnknown(repository: Repositories): Promise<void> {
    for (const { organisationId, id } of await store.readUnknown(this.#ports.sql)) {
      const name = { type: 'Subscription', id };
      const read = await repository.read(organisationId, name);
      const text = read.ok ? (read.value.text ?? '{}') : '{}';
      const { status, ...rest } = JSON.parse(text) as {
        status?: string;
        resourceType: 'Subscription';
      };
      if (!read.ok || (status !== 'requested' && status !== 'active')) continue;
      const error = 'It was moved here from another installation: request it anew.';
      const resource = { ...rest, status: 'error', error } as Extract<
        Act,
        { kind: 'update' }
      >['resource'];
      const ifMatch = read.value.versionId;
      const act = this.documents.ownAct({
        kind: 'update',
        ...name,
        resource,
        hasPrecise: false,
        ifMatch,
      });
      await repository.perform(organisationId, [act], { actor: undefined, baseUrl: undefined });
    }
  }

  #wake(followed: readonly Followed[]): void {
    if (this.#open === undefined) return;
    for (const one of followed) {
      this.#delivery.wake(one);
      this.sockets.wake(one);
    }
  }

  /** Now and then. */
  tick(): void {
    void this.#lookForEnded();
    this.#delivery.tick();
    this.sockets.tick();
  }

  /** Whatever was withdrawn, and whoever has gone: a subscription that can tell nothing any more ends. */
  async #lookForEnded(): Promise<void> {
    const version = this.#open?.viewers.gate.version;
    if (version === undefined || version === this.#lookedVersion || this.#isLookingForEnded) return;
    this.#isLookingForEnded = true;
    try {
      for (const followed of [...this.#book.all()]) {
        const { status } = followed.standing;
        if (status !== 'active' && status !== 'requested') continue;
        followed.ended = await this.#sight.whyEnded(followed);
        if (followed.ended !== undefined) this.#wake([followed]);
      }
      this.#lookedVersion = version;
    } catch (error) {
      this.#ports.onProblem('look for subscriptions that have ended', error);
    } finally {
      this.#isLookingForEnded = false;
    }
  }

  /** The book of alarms has something new, which is on its way to the database. */
  noteAlarm(): void {
    this.#hasNewAlarm = true;
    this.#noting ??= this.#noteAlarms();
  }

  async #noteAlarms(): Promise<void> {
    try {
      while (this.#hasNewAlarm) {
        this.#hasNewAlarm = false;
        // What one commit of the log brings is looked for together.
        await Promise.resolve();
        await this.#ports.alarmsSettled();
        this.#alarms.look();
      }
    } catch (error) {
      this.#ports.onProblem('wait for alarms', error);
    } finally {
      this.#noting = undefined;
    }
  }

  /** What was not said, or could not be told, is found. */
  lookForAlarms(): void {
    this.#alarms.look();
  }

  /** In the fold over the log: whatever a subscription does to it, the readings behind go on. */
  watchReading(arrival: Arrival): void {
    try {
      this.#readings.watch(arrival);
    } catch (error) {
      this.#ports.onProblem('look at a reading for subscribers', error);
    }
  }

  settleReadings(): Promise<void> {
    return this.#readings.settle();
  }

  /** Resolves when nothing of what was to be told is on its way to the database. */
  async settle(): Promise<void> {
    await this.#alarms.settle();
    await this.#readings.settle();
  }

  /** Whether somebody is told of each document of a type that is written. */
  isToldOfWritten(organisationId: OrganisationId, type: string): boolean {
    const written = this.#book.begun(organisationId, ['written']);
    return written.some(({ plan }) => plan.filters[0]?.type === type);
  }

  get after(): SubscriptionsPorts['after'] {
    return this.#ports.after;
  }

  isOnSocket(key: store.SubscriptionKey): boolean {
    const followed = this.#book.get(key);
    return followed !== undefined && followed.plan.channel.kind === 'websocket';
  }

  async statuses(
    organisationId: OrganisationId,
    {
      ids,
      statuses,
    }: { readonly ids: readonly string[] | undefined; readonly statuses: readonly string[] },
    baseUrl: string,
  ): Promise<Parameters[]> {
    const told: Parameters[] = [];
    for (const followed of this.#book.all()) {
      if (followed.organisationId !== organisationId) continue;
      if (ids !== undefined && !ids.includes(followed.id)) continue;
      if (statuses.length > 0 && !statuses.includes(followed.standing.status)) continue;
      const errors = await this.#errorsOf(followed);
      const one = this.#telling.told({ ...followed, baseUrl }, 'query-status', { errors });
      told.push(statusOf(one));
    }
    return told;
  }

  async #errorsOf(followed: Followed): Promise<string[]> {
    const { standing, reason, ended, plan } = followed;
    const expired = await this.#expiredOf(followed);
    const waiting = standing.lastEvent - standing.delivered;
    const isWaiting = plan.channel.kind !== 'websocket' && waiting > 0;
    return [
      ...(reason === undefined ? [] : [reason]),
      ...(ended === undefined ? [] : [ended]),
      ...(standing.status === 'error'
        ? ['Delivery has stopped: write it as requested, and it goes on.']
        : []),
      ...(isWaiting ? [`${waiting} events have not been delivered.`] : []),
      ...expired,
    ];
  }

  async #expiredOf(followed: Followed): Promise<string[]> {
    const { lastEvent } = followed.standing;
    const first = await this.#ports.read(followed.organisationId, (tx) =>
      store.readFirstNumber(tx, followed),
    );
    const last = (first ?? lastEvent + 1) - 1;
    return last < 1 ? [] : [`Events 1 to ${last} have expired and cannot be asked for any more.`];
  }

  /** Undefined where there is no such subscription. */
  async events(
    key: store.SubscriptionKey,
    { span, content, viewer }: EventsAsked,
    baseUrl: string,
  ): Promise<string | undefined> {
    const followed = this.#book.get(key);
    if (followed === undefined) return undefined;
    const of = { ...followed, baseUrl };
    const asked = content ?? followed.plan.content;
    const eyes = [await this.#sight.viewerFor(followed), viewer];
    const events = await this.#telling.events(key, span, { content: asked, eyes });
    const errors = await this.#expiredOf(followed);
    const last = events.at(-1)?.number ?? span.until;
    const isMore = last < Math.min(span.until, followed.standing.lastEvent);
    const url = `${baseUrl}/Subscription/${key.id}/$events`;
    const until = span.until === Number.MAX_SAFE_INTEGER ? '' : `&eventsUntilNumber=${span.until}`;
    const as = content === undefined ? '' : `&content=${content}`;
    const next = { relation: 'next', url: `${url}?eventsSinceNumber=${last + 1}${until}${as}` };
    const told = this.#telling.told(of, 'query-event', { events, errors });
    return this.#telling.text(told, isMore ? [next] : undefined);
  }

  /** For whoever looks after the server: nothing is given up in silence. */
  part(): readonly Part[] {
    const all = [...this.#book.all()];
    if (all.length === 0) return [];
    const troubled = all.filter(
      ({ standing }) => standing.status === 'error' || standing.failingSinceMs !== undefined,
    );
    const detail =
      troubled.length === 0
        ? `${all.length} followed`
        : `${troubled.length} of ${all.length} reach nobody: Subscription/$status says why`;
    return [
      {
        name: 'subscriptions',
        ready: true,
        detail,
        ...(troubled.length > 0 && { attention: true }),
      },
    ];
  }

  async tidy(): Promise<void> {
    const { sql, settings, nowMs } = this.#ports;
    await store.deleteEventsBefore(sql, nowMs() - settings.keptMs);
  }

  async close(): Promise<void> {
    this.#hooks[Symbol.dispose]();
    // Readings are looked at until the last flush, which waits for what is found in them.
    this.#readings.end();
    await Promise.all([this.#delivery.close(), this.#alarms.settle()]);
  }
}
