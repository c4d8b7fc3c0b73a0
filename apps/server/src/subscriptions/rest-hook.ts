/** Sends a notification to a subscriber's endpoint: once, to an address that may be reached, and no further. */
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import type { Outside } from '../outside.ts';
import { type EndpointRules, mayConnect } from './endpoints.ts';
import { guardedLookup, NotAllowed, type Resolve } from './guarded-lookup.ts';

export interface Hook {
  readonly url: URL;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly timeoutMs: number;
}

/** In words for people: no value, no name and no secret. */
export type Sent =
  | { readonly ok: true }
  /** Final: it will never be taken, however often it is sent. */
  | { readonly ok: false; readonly reason: string; readonly isFinal?: true };

/** What an endpoint answers is not read: beyond this it is cut. */
const ANSWER_BYTES_MAX = 64 * 1024;

const CONNECTIONS_MAX = 8;

export interface RestHookPorts {
  readonly rules: EndpointRules;
  readonly after: Outside['after'];
  readonly resolve: Resolve;
}

export class RestHooks implements Disposable {
  readonly #rules: EndpointRules;
  readonly #after: RestHookPorts['after'];
  readonly #resolve: RestHookPorts['resolve'];
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: CONNECTIONS_MAX });
  readonly #https = new HttpsAgent({ keepAlive: true, maxSockets: CONNECTIONS_MAX });

  constructor({ rules, after, resolve }: RestHookPorts) {
    this.#rules = rules;
    this.#after = after;
    this.#resolve = resolve;
  }

  async send(hook: Hook): Promise<Sent> {
    const host = hook.url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !mayConnect(host, host, this.#rules)) return NOT_ALLOWED;
    const first = await this.#sendOnce(hook);
    // An endpoint may close a connection that lay idle just when it is used again.
    return first === 'stale' ? await this.#sendAgain(hook) : first;
  }

  async #sendAgain(hook: Hook): Promise<Sent> {
    const second = await this.#sendOnce(hook);
    return second === 'stale' ? CLOSED : second;
  }

  #sendOnce({ url, headers, body, timeoutMs }: Hook): Promise<Sent | 'stale'> {
    const isSecure = url.protocol === 'https:';
    const { promise, resolve: settle } = Promise.withResolvers<Sent | 'stale'>();
    const request = (isSecure ? requestHttps : requestHttp)(url, {
      method: 'POST',
      agent: isSecure ? this.#https : this.#http,
      lookup: guardedLookup(url.hostname, { rules: this.#rules, resolve: this.#resolve }),
      headers: {
        ...Object.fromEntries(headers),
        'content-type': 'application/fhir+json',
        'content-length': Buffer.byteLength(body),
      },
    });
    request.on('response', (response) => readAnswer(response, settle));
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (error instanceof NotAllowed) settle(NOT_ALLOWED);
      else if (request.reusedSocket && error.code === 'ECONNRESET') settle('stale');
      else
        settle({
          ok: false,
          reason: `The endpoint cannot be reached (${error.code ?? 'broken'}).`,
        });
    });
    const done = this.#after(timeoutMs, () => {
      settle({ ok: false, reason: `No answer within ${timeoutMs / 1000} s.` });
      request.destroy();
    });
    request.on('close', () => {
      done();
      settle(CLOSED);
    });
    request.end(body);
    return promise;
  }

  [Symbol.dispose](): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

const CLOSED: Sent = { ok: false, reason: 'The connection was closed.' };

const NOT_ALLOWED: Sent = {
  ok: false,
  reason: 'The endpoint leads to an address that the operator does not allow.',
};

function readAnswer(response: IncomingMessage, settle: (sent: Sent) => void): void {
  const { statusCode = 0 } = response;
  const isTaken = statusCode >= 200 && statusCode < 300;
  const isElsewhere = statusCode >= 300 && statusCode < 400;
  const reason = isElsewhere
    ? `The endpoint answered ${statusCode}: it is not followed elsewhere.`
    : `The endpoint answered ${statusCode}.`;
  let bytes = 0;
  response.on('data', (part: Buffer) => {
    bytes += part.length;
    if (bytes > ANSWER_BYTES_MAX) response.destroy();
  });
  response.on('error', () => undefined);
  settle(isTaken ? { ok: true } : { ok: false, reason });
}
