/** For libraries that ask by `fetch`: the same way out, and nothing else of theirs. */
import { isIP } from 'node:net';
import type { Outgoing, Why } from './outgoing.ts';

/** No answer came, or none may be asked for there. */
export class NotReached extends Error {
  readonly why: Why;

  constructor(why: Why) {
    super(why);
    this.why = why;
  }
}

export interface Fetched {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const TIMEOUT_MS = 10_000;
const WITHOUT_BODY = [204, 205, 304];

/**
 * The operator has named one place, which may say where its others are. An address of numbers, or this machine's
 * own name, is the operator's alone to say.
 */
export function fetchBy(
  outgoing: Pick<Outgoing, 'ask'>,
  named: URL,
): (url: string, asked: Fetched) => Promise<Response> {
  return async (text, { method, headers, body }) => {
    const url = new URL(text);
    const bare = url.hostname.replace(/^\[|\]$/g, '');
    const isPlace = isIP(bare) !== 0 || bare === 'localhost';
    if (isPlace && url.hostname !== named.hostname) throw new NotReached('not-allowed');
    const posted = method === 'POST' ? String(body ?? '') : undefined;
    const reply = await outgoing.ask({ url, headers, body: posted, timeoutMs: TIMEOUT_MS });
    if (reply.kind === 'none') throw new NotReached(reply.why);
    const type = reply.contentType;
    return new Response(WITHOUT_BODY.includes(reply.status) ? null : reply.text, {
      status: reply.status,
      ...(type !== undefined && { headers: { 'content-type': type } }),
    });
  };
}
