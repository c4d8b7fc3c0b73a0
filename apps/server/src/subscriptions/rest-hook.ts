/** Sends a notification to a subscriber's endpoint: once, to an address that may be reached, and no further. */
import type { EndpointRules } from '../outgoing/endpoints.ts';
import type { Resolve } from '../outgoing/guarded-lookup.ts';
import { Outgoing, type Reply } from '../outgoing/outgoing.ts';
import type { Outside } from '../outside.ts';

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

const CONNECTIONS_MAX = 8;

export interface RestHookPorts {
  readonly rules: EndpointRules;
  readonly after: Outside['after'];
  readonly resolve: Resolve;
}

export class RestHooks implements Disposable {
  readonly #outgoing: Outgoing;

  constructor(ports: RestHookPorts) {
    this.#outgoing = new Outgoing({ ...ports, reads: 'status', connectionsMax: CONNECTIONS_MAX });
  }

  async send({ url, headers, body, timeoutMs }: Hook): Promise<Sent> {
    const own = { 'content-type': 'application/fhir+json' };
    const all = { ...Object.fromEntries(headers), ...own };
    const reply = await this.#outgoing.post({ url, headers: all, body, timeoutMs });
    if (reply.kind === 'none') return { ok: false, reason: wordsOf(reply, timeoutMs) };
    const { status } = reply;
    if (status >= 200 && status < 300) return { ok: true };
    const reason =
      status >= 300 && status < 400
        ? `The endpoint answered ${status}: it is not followed elsewhere.`
        : `The endpoint answered ${status}.`;
    return { ok: false, reason };
  }

  [Symbol.dispose](): void {
    this.#outgoing[Symbol.dispose]();
  }
}

function wordsOf({ why, reason }: Extract<Reply, { kind: 'none' }>, timeoutMs: number): string {
  if (why === 'not-allowed')
    return 'The endpoint leads to an address that the operator does not allow.';
  if (why === 'unreachable') return `The endpoint ${reason.replace(/^it /, '')}.`;
  return why === 'late' ? `No answer within ${timeoutMs / 1000} s.` : 'The connection was closed.';
}
