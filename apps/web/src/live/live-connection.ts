import { LIVE_SUBPROTOCOL, type LiveRequest, SILENCE_STALE_MS } from '@ausculta/contract/live';
import { type DecodeBlock, LiveStore, type SubjectLive } from './live-store.ts';
import { closeMeaning, reconnectDelayMs } from './reconnect.ts';
import { ServerClock } from './server-clock.ts';

/** A socket that says nothing for this long is given up: the network may never tell us it is gone. */
const GIVE_UP_MS = 2 * SILENCE_STALE_MS;
const CHECK_MS = 250;

export type LiveState = 'connecting' | 'live' | 'silent';

export interface LivePorts {
  readonly url: () => string;
  readonly nowMs: () => number;
  readonly lot: () => number;
  readonly decodeBlock: DecodeBlock;
  /**
   * The line closed or never opened. A browser does not say whether the session has ended, so that
   * must be asked: without one, connecting again would be refused for ever.
   */
  readonly onRefused: () => void;
  /** There is an alarm of somebody who is not watched here: who has just come, perhaps. */
  readonly onElsewhere: (subjects: readonly string[]) => void;
  /** The server says that the session is over: nothing is tried again. */
  readonly onSignedOut: () => void;
}

/**
 * The live socket of this browser, with a life: it connects, asks for the patients of the screen,
 * feeds the store, and begins anew with back-off whenever the line falls silent.
 */
export class LiveConnection {
  readonly store: LiveStore;
  readonly clock = new ServerClock();
  readonly #ports: LivePorts;
  readonly #subjectListeners = new Map<string, Set<() => void>>();
  readonly #listeners = new Set<() => void>();
  #socket: WebSocket | undefined;
  #request: LiveRequest | undefined;
  #state: LiveState = 'connecting';
  #lastFrameMs: number | undefined;
  #openedMs = 0;
  #failures = 0;
  #version = 0;
  #retryTimer: number | undefined;
  #checkTimer: number | undefined;

  constructor(ports: LivePorts) {
    this.#ports = ports;
    this.store = new LiveStore(ports.decodeBlock);
  }

  get state(): LiveState {
    return this.#state;
  }

  /** Local time of the last frame; undefined before the first. */
  get lastFrameMs(): number | undefined {
    return this.#lastFrameMs;
  }

  /** Grows with every change of state, of alarms or of a number. */
  get version(): number {
    return this.#version;
  }

  /** The server's time now; undefined before the first frame. */
  serverNowMs(): number | undefined {
    return this.clock.nowMs(this.#ports.nowMs());
  }

  start(): void {
    this.#checkTimer = window.setInterval(() => this.#check(), CHECK_MS);
    this.#connect();
  }

  stop(): void {
    window.clearInterval(this.#checkTimer);
    window.clearTimeout(this.#retryTimer);
    this.#drop();
    this.#listeners.clear();
    this.#subjectListeners.clear();
  }

  /** Replaces what this socket watches. */
  watch(subjects: readonly string[]): void {
    const request: LiveRequest = { type: 'subscribe', subjects: [...subjects] };
    if (JSON.stringify(request) === JSON.stringify(this.#request)) return;
    this.#request = request;
    this.#ask();
  }

  /** Whether this socket has been asked to watch a subject. */
  watches(id: string): boolean {
    return this.#request?.subjects.includes(id) === true;
  }

  subject(id: string): SubjectLive {
    return this.store.subject(id);
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  subscribeSubject(id: string, listener: () => void): () => void {
    const listeners = this.#subjectListeners.get(id) ?? new Set();
    this.#subjectListeners.set(id, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  #connect(): void {
    this.#drop();
    const socket = new WebSocket(this.#ports.url(), LIVE_SUBPROTOCOL);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    this.#openedMs = this.#ports.nowMs();
    socket.addEventListener('open', () => {
      if (socket !== this.#socket) return;
      this.store.startConnection();
      this.#ask();
    });
    socket.addEventListener('message', (event) => {
      if (socket === this.#socket) this.#receive(event.data);
    });
    socket.addEventListener('close', ({ code }) => {
      if (socket !== this.#socket) return;
      if (closeMeaning(code) === 'signed-out') {
        this.#drop();
        this.#ports.onSignedOut();
        return;
      }
      this.#ports.onRefused();
      this.#fail();
    });
  }

  #receive(data: unknown): void {
    if (!(data instanceof ArrayBuffer)) return;
    const outcome = this.store.apply(new Uint8Array(data));
    if (outcome === undefined) {
      this.#fail();
      return;
    }
    const nowMs = this.#ports.nowMs();
    this.clock.observe({ serverTimeMs: outcome.serverTimeMs, receivedMs: nowMs });
    this.#lastFrameMs = nowMs;
    this.#failures = 0;
    if (outcome.elsewhere.length > 0) this.#ports.onElsewhere(outcome.elsewhere);
    for (const id of outcome.touched) {
      for (const listener of this.#subjectListeners.get(id) ?? []) listener();
    }
    if (this.#state !== 'live') this.#turn('live');
    else if (outcome.touched.size > 0) this.#changed();
  }

  #check(): void {
    const nowMs = this.#ports.nowMs();
    const quietMs = nowMs - (this.#lastFrameMs ?? this.#openedMs);
    if (this.#state === 'live' && quietMs > SILENCE_STALE_MS) this.#turn('silent');
    const waitedMs = nowMs - Math.max(this.#lastFrameMs ?? 0, this.#openedMs);
    if (this.#socket !== undefined && waitedMs > GIVE_UP_MS) this.#fail();
    if (this.#state === 'connecting' && quietMs > SILENCE_STALE_MS) this.#turn('silent');
  }

  #ask(): void {
    if (this.#request === undefined || this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify(this.#request));
  }

  #fail(): void {
    this.#drop();
    this.#failures += 1;
    const delayMs = reconnectDelayMs({ failures: this.#failures, lot: this.#ports.lot() });
    window.clearTimeout(this.#retryTimer);
    this.#retryTimer = window.setTimeout(() => this.#connect(), delayMs);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #turn(state: LiveState): void {
    this.#state = state;
    this.#changed();
    for (const listeners of this.#subjectListeners.values()) {
      for (const listener of listeners) listener();
    }
  }

  #changed(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }
}
