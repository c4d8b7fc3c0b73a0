/**
 * Subscriptions over a WebSocket: a token that is good once and for a minute binds a socket to subscriptions.
 * Nothing is queued for a slow client: it is cut, and catches up by `$events`.
 */
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Viewer } from '../access/viewer.ts';
import { viewAsPlatform } from '../database/viewing.ts';
import type { SignedInSockets } from '../live/signed-in-sockets.ts';
import type { Credential } from '../people/sign-in.ts';
import type { Followed, SubscriptionBook } from './book.ts';
import type { Sight } from './sight.ts';
import type { Telling } from './telling.ts';

export interface SocketPorts {
  readonly book: SubscriptionBook;
  readonly telling: Telling;
  readonly sight: Pick<Sight, 'viewerFor'>;
  readonly sockets: SignedInSockets;
  readonly nowMs: () => number;
  readonly randomToken: () => string;
  readonly onProblem: (what: string, error: unknown) => void;
}

export interface EventSocket {
  readonly send: (text: string) => void;
  readonly bufferedBytes: () => number;
  readonly close: (code: number, reason: string) => void;
}

interface Bound {
  readonly organisationId: OrganisationId;
  readonly id: string;
  readonly socket: EventSocket;
  /** Who listens: they are told nothing that they could not read themselves. */
  readonly viewer: Viewer;
  sent: number;
  lastSentMs: number;
  isBusy: boolean;
}

interface Token {
  readonly organisationId: OrganisationId;
  readonly ids: readonly string[];
  readonly credential: Credential;
  readonly viewer: Viewer;
  readonly expiresMs: number;
}

const TOKEN_LASTS_MS = 60_000;
const TOKENS_MAX = 10_000;
const BUFFERED_BYTES_MAX = 1024 * 1024;
const BOUND_PER_SOCKET_MAX = 100;

/** RFC 6455, 7.4.1. */
const POLICY = 1008;
const TRY_AGAIN_LATER = 1013;

export class SubscriptionSockets {
  readonly #ports: SocketPorts;
  readonly #tokens = new Map<string, Token>();
  readonly #bound = new Set<Bound>();

  constructor(ports: SocketPorts) {
    this.#ports = ports;
  }

  /** Undefined: too many are waiting to be used. */
  give(
    of: Omit<Token, 'expiresMs'>,
  ): { readonly token: string; readonly expiresMs: number } | undefined {
    const nowMs = this.#ports.nowMs();
    for (const [token, { expiresMs }] of this.#tokens)
      if (expiresMs <= nowMs) this.#tokens.delete(token);
    if (this.#tokens.size >= TOKENS_MAX) return undefined;
    const token = this.#ports.randomToken();
    const expiresMs = nowMs + TOKEN_LASTS_MS;
    this.#tokens.set(token, { ...of, expiresMs });
    return { token, expiresMs };
  }

  /** Returns what is to be done when the socket has closed; undefined where the token is refused. */
  bind(text: string, socket: EventSocket): (() => void) | undefined {
    const token = this.#tokens.get(text);
    this.#tokens.delete(text);
    if (token === undefined || token.expiresMs <= this.#ports.nowMs()) {
      socket.close(POLICY, 'the token is not known, was used, or has expired');
      return undefined;
    }
    const { organisationId, ids, credential, viewer } = token;
    const forget = this.#ports.sockets.hold(credential, () => socket.close(POLICY, 'signed out'));
    const own = [...this.#bound].filter((one) => one.socket === socket);
    if (forget === undefined || own.length + ids.length > BOUND_PER_SOCKET_MAX) {
      forget?.();
      socket.close(TRY_AGAIN_LATER, 'too many subscriptions');
      return undefined;
    }
    const bound = ids.flatMap(
      (id) => this.#begin({ organisationId, id }, { socket, viewer }) ?? [],
    );
    return () => {
      forget();
      for (const one of bound) this.#bound.delete(one);
    };
  }

  #begin(
    key: { organisationId: OrganisationId; id: string },
    { socket, viewer }: Pick<Bound, 'socket' | 'viewer'>,
  ): Bound | undefined {
    const { book, telling, nowMs } = this.#ports;
    const followed = book.get(key);
    if (followed === undefined) return undefined;
    const sent = followed.standing.lastEvent;
    const bound: Bound = { ...key, socket, viewer, sent, lastSentMs: nowMs(), isBusy: false };
    this.#bound.add(bound);
    socket.send(telling.text(telling.told(followed, 'handshake')));
    return bound;
  }

  /** There is something new. */
  wake(followed: Followed): void {
    if (followed.plan.channel.kind !== 'websocket') return;
    for (const one of this.#bound) {
      if (one.id === followed.id && one.organisationId === followed.organisationId) this.#pump(one);
    }
  }

  /** For heartbeats. */
  tick(): void {
    for (const one of this.#bound) this.#pump(one);
  }

  #pump(bound: Bound): void {
    if (bound.isBusy) return;
    bound.isBusy = true;
    viewAsPlatform(() => this.#tell(bound))
      .catch((error: unknown) => {
        bound.socket.close(TRY_AGAIN_LATER, 'something went wrong here');
        this.#bound.delete(bound);
        this.#ports.onProblem('tell a socket', error);
      })
      .finally(() => {
        bound.isBusy = false;
      });
  }

  async #tell(bound: Bound): Promise<void> {
    const { book, telling, sight, nowMs } = this.#ports;
    while (this.#bound.has(bound)) {
      const followed = book.get(bound);
      if (followed === undefined || followed.plan.channel.kind !== 'websocket')
        return this.#cut(bound, POLICY, 'the subscription has ended');
      if (followed.ended !== undefined) return this.#end(bound, followed, followed.ended);
      if (bound.socket.bufferedBytes() > BUFFERED_BYTES_MAX)
        return this.#cut(bound, TRY_AGAIN_LATER, 'too slow: ask $events for what is missing');
      const { plan, standing } = followed;
      const { heartbeatMs } = plan;
      if (bound.sent < standing.lastEvent) {
        const span = { from: bound.sent + 1, until: standing.lastEvent, limit: plan.eventsMax };
        const eyes = [await sight.viewerFor(followed), bound.viewer];
        const events = await telling.events(followed, span, { content: plan.content, eyes });
        bound.sent = events.at(-1)?.number ?? standing.lastEvent;
        if (events.length > 0) this.#send(bound, followed, events);
      } else if (heartbeatMs !== undefined && nowMs() - bound.lastSentMs >= heartbeatMs)
        this.#send(bound, followed, undefined);
      else return;
    }
  }

  #send(
    bound: Bound,
    followed: Followed,
    events: Awaited<ReturnType<Telling['events']>> | undefined,
  ): void {
    const { telling, nowMs } = this.#ports;
    const told =
      events === undefined
        ? telling.told(followed, 'heartbeat')
        : telling.told(followed, 'event-notification', { events });
    bound.socket.send(telling.text(told));
    bound.lastSentMs = nowMs();
  }

  #end(bound: Bound, followed: Followed, reason: string): void {
    const { telling } = this.#ports;
    const said = { status: 'error', errors: [reason] } as const;
    bound.socket.send(telling.text(telling.told(followed, 'heartbeat', said)));
    this.#cut(bound, POLICY, 'the subscription has ended: whoever asked for it may not see it');
  }

  #cut(bound: Bound, code: number, reason: string): void {
    this.#bound.delete(bound);
    bound.socket.close(code, reason);
  }
}
