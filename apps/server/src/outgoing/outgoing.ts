/**
 * The one way out: a request to where the operator has said, and its answer. What a name leads to is looked at
 * with each connection, which is made to that very address; no redirect is followed, no name guessed.
 */
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import type { Outside } from '../outside.ts';
import { type EndpointRules, mayConnect } from './endpoints.ts';
import { guardedLookup, NotAllowed, type Resolve } from './guarded-lookup.ts';

export interface Question {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: nothing is posted, and only asked. */
  readonly body: string | undefined;
  readonly timeoutMs?: number;
}

/** An answer, whatever it says; or why there is none, in words without a value, a name or a secret. */
export type Reply =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly retryAfter: string | undefined;
      readonly contentType?: string | undefined;
      readonly text: string;
    }
  | { readonly kind: 'none'; readonly why: Why; readonly reason: string };

export type Why = 'not-allowed' | 'unreachable' | 'late' | 'closed' | 'too-long' | 'broken-off';

const TIMEOUT_MS = 30_000;
/** A Bundle of some dozens of Observations, with room. */
const ANSWER_BYTES_MAX = 4 * 2 ** 20;
const UNREAD_BYTES_MAX = 64 * 1024;

export interface OutgoingPorts {
  readonly rules: EndpointRules;
  readonly resolve: Resolve;
  readonly after: Outside['after'];
  /** Whether an answer is read, or only what its status says. */
  readonly reads: 'whole' | 'status';
  readonly connectionsMax: number;
}

export class Outgoing implements Disposable {
  readonly #ports: OutgoingPorts;
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;

  constructor(ports: OutgoingPorts) {
    this.#ports = ports;
    const connections = { keepAlive: true, maxSockets: ports.connectionsMax };
    this.#http = new HttpAgent(connections);
    this.#https = new HttpsAgent(connections);
  }

  async post(question: Question & { readonly body: string }): Promise<Reply> {
    return await this.ask(question);
  }

  async ask(question: Question): Promise<Reply> {
    const host = question.url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !mayConnect(host, host, this.#ports.rules)) return NOT_ALLOWED;
    const first = await this.#ask(question);
    // It may close a connection that lay idle just when it is used again: nothing was taken.
    if (first !== 'stale') return first;
    const second = await this.#ask(question);
    return second === 'stale' ? CLOSED : second;
  }

  #ask({ url, headers, body, timeoutMs = TIMEOUT_MS }: Question): Promise<Reply | 'stale'> {
    const isSecure = url.protocol === 'https:';
    const { promise, resolve: settle } = Promise.withResolvers<Reply | 'stale'>();
    const request = (isSecure ? requestHttps : requestHttp)(url, {
      method: body === undefined ? 'GET' : 'POST',
      agent: isSecure ? this.#https : this.#http,
      lookup: guardedLookup(url.hostname, this.#ports),
      headers: {
        ...headers,
        ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
      },
    });
    let isAnswered = false;
    request.on('response', (response) => {
      isAnswered = true;
      if (this.#ports.reads === 'whole') readAnswer(response, settle);
      else readStatus(response, settle);
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (error instanceof NotAllowed) settle(NOT_ALLOWED);
      else if (request.reusedSocket && error.code === 'ECONNRESET') settle('stale');
      else settle(none('unreachable', `it cannot be reached (${error.code ?? 'broken'})`));
    });
    const done = this.#ports.after(timeoutMs, () => {
      settle(none('late', `no answer within ${timeoutMs / 1000} s`));
      request.destroy();
    });
    request.on('close', () => {
      done();
      // Of an answer that has begun its own end tells.
      if (!isAnswered) settle(CLOSED);
    });
    request.end(body);
    return promise;
  }

  [Symbol.dispose](): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

function none(why: Why, reason: string): Reply {
  return { kind: 'none', why, reason };
}

const CLOSED = none('closed', 'the connection was closed');
const NOT_ALLOWED = none('not-allowed', 'its name leads to an address that is not allowed');

/** Half an answer is none: what was asked may have been done, and is asked again. */
function readAnswer(response: IncomingMessage, settle: (reply: Reply) => void): void {
  const parts: Buffer[] = [];
  let bytes = 0;
  response.on('data', (part: Buffer) => {
    parts.push(part);
    bytes += part.length;
    if (bytes <= ANSWER_BYTES_MAX) return;
    settle(none('too-long', 'its answer is too long'));
    response.destroy();
  });
  response.on('error', () => settle(none('broken-off', 'its answer broke off')));
  response.on('close', () => {
    if (!response.complete) settle(none('broken-off', 'its answer broke off'));
  });
  response.on('end', () => {
    if (!response.complete) return;
    settle({
      kind: 'answer',
      status: response.statusCode ?? 0,
      retryAfter: response.headers['retry-after'],
      contentType: response.headers['content-type'],
      text: Buffer.concat(parts).toString(),
    });
  });
}

/** Who is only told something has nothing to tell: its answer is not read, and cut where it goes on. */
function readStatus(response: IncomingMessage, settle: (reply: Reply) => void): void {
  const { statusCode: status = 0, headers } = response;
  let bytes = 0;
  response.on('data', (part: Buffer) => {
    bytes += part.length;
    if (bytes > UNREAD_BYTES_MAX) response.destroy();
  });
  response.on('error', () => undefined);
  settle({ kind: 'answer', status, retryAfter: headers['retry-after'], text: '' });
}
