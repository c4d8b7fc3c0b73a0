/** One request to a destination, and its whole answer; no redirect is followed, no name guessed. */
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import type { Outside } from '../outside.ts';
import { type EndpointRules, mayConnect } from '../subscriptions/endpoints.ts';
import { guardedLookup, NotAllowed, type Resolve } from '../subscriptions/guarded-lookup.ts';

export interface Question {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An answer, whatever it says; or why there is none, in words without a value, a name or a secret. */
export type Reply =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly retryAfter: string | undefined;
      readonly text: string;
    }
  | { readonly kind: 'none'; readonly reason: string };

const TIMEOUT_MS = 30_000;
/** A Bundle of some dozens of Observations, with room. */
const ANSWER_BYTES_MAX = 4 * 2 ** 20;

export interface OutgoingPorts {
  readonly rules: EndpointRules;
  readonly resolve: Resolve;
  readonly after: Outside['after'];
}

export class Outgoing implements Disposable {
  readonly #ports: OutgoingPorts;
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: 2 });
  readonly #https = new HttpsAgent({ keepAlive: true, maxSockets: 2 });

  constructor(ports: OutgoingPorts) {
    this.#ports = ports;
  }

  async post(question: Question): Promise<Reply> {
    const host = question.url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !mayConnect(host, host, this.#ports.rules)) return NOT_ALLOWED;
    const first = await this.#post(question);
    // It may close a connection that lay idle just when it is used again: nothing was taken.
    if (first !== 'stale') return first;
    const second = await this.#post(question);
    return second === 'stale' ? CLOSED : second;
  }

  #post({ url, headers, body }: Question): Promise<Reply | 'stale'> {
    const isSecure = url.protocol === 'https:';
    const { promise, resolve: settle } = Promise.withResolvers<Reply | 'stale'>();
    const request = (isSecure ? requestHttps : requestHttp)(url, {
      method: 'POST',
      agent: isSecure ? this.#https : this.#http,
      lookup: guardedLookup(url.hostname, this.#ports),
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    });
    let isAnswered = false;
    request.on('response', (response) => {
      isAnswered = true;
      readAnswer(response, settle);
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (error instanceof NotAllowed) settle(NOT_ALLOWED);
      else if (request.reusedSocket && error.code === 'ECONNRESET') settle('stale');
      else settle(none(`it cannot be reached (${error.code ?? 'broken'})`));
    });
    const done = this.#ports.after(TIMEOUT_MS, () => {
      settle(none(`no answer within ${TIMEOUT_MS / 1000} s`));
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

function none(reason: string): Reply {
  return { kind: 'none', reason };
}

const CLOSED = none('the connection was closed');
const NOT_ALLOWED = none('its name leads to an address that is not allowed');

/** Half an answer is none: what was asked may have been done, and is asked again. */
function readAnswer(response: IncomingMessage, settle: (reply: Reply) => void): void {
  const parts: Buffer[] = [];
  let bytes = 0;
  response.on('data', (part: Buffer) => {
    parts.push(part);
    bytes += part.length;
    if (bytes <= ANSWER_BYTES_MAX) return;
    settle(none('its answer is too long'));
    response.destroy();
  });
  response.on('error', () => settle(none('its answer broke off')));
  response.on('close', () => {
    if (!response.complete) settle(none('its answer broke off'));
  });
  response.on('end', () => {
    if (!response.complete) return;
    settle({
      kind: 'answer',
      status: response.statusCode ?? 0,
      retryAfter: response.headers['retry-after'],
      text: Buffer.concat(parts).toString(),
    });
  });
}
