import { Problem } from '@ausculta/contract/problem';
import { UNREADABLE_HEADER, UnreadablePart } from '@ausculta/contract/readings';
import type { z } from 'zod';

/** A refused or failed request. `status` 0: no answer came at all. */
export class RequestRefused extends Error {
  readonly status: number;
  readonly fault: string;
  readonly detail: string | undefined;

  constructor(refusal: {
    status: number;
    fault: string;
    why: string;
    detail?: string | undefined;
  }) {
    super(refusal.why);
    this.name = 'RequestRefused';
    this.status = refusal.status;
    this.fault = refusal.fault;
    this.detail = refusal.detail;
  }
}

interface Ask {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Same origin, session cookie; the answer is checked against the contract before anyone sees it. */
export async function askJson<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  ask: Ask = {},
): Promise<z.infer<Schema>> {
  const response = await send(path, ask);
  const parsed = schema.safeParse(await response.json());
  if (parsed.success) return parsed.data;
  throw new RequestRefused({
    status: response.status,
    fault: 'ANSWER_UNREADABLE',
    why: 'The server answered in a form that this page does not know. Load the page again.',
  });
}

/** Stored bytes, and what of them the server could not read. */
export interface StoredBytes {
  readonly bytes: Uint8Array;
  readonly unreadable: readonly UnreadablePart[];
}

export async function askBytes(path: string, ask: Ask = {}): Promise<StoredBytes> {
  const response = await send(path, ask);
  const told = response.headers.get(UNREADABLE_HEADER);
  return {
    bytes: new Uint8Array(await response.arrayBuffer()),
    unreadable: told === null ? [] : UnreadablePart.array().parse(JSON.parse(told)),
  };
}

export async function tell(path: string, ask: Ask): Promise<void> {
  await send(path, ask);
}

async function send(path: string, ask: Ask): Promise<Response> {
  const request: RequestInit = { method: ask.method ?? 'GET', credentials: 'same-origin' };
  if (ask.signal !== undefined) request.signal = ask.signal;
  if (ask.body !== undefined) {
    request.body = JSON.stringify(ask.body);
    request.headers = { 'content-type': 'application/json' };
  }
  const response = await fetch(path, request).catch((cause: unknown) => {
    if (ask.signal?.aborted) throw cause;
    throw new RequestRefused({
      status: 0,
      fault: 'NO_ANSWER',
      why: 'The server does not answer. Check the network; this page tries again.',
    });
  });
  if (response.ok) return response;
  const problem = Problem.safeParse(await response.json().catch(() => undefined));
  throw new RequestRefused({
    status: response.status,
    fault: problem.data?.fault ?? 'UNKNOWN',
    why: problem.data?.why ?? `The server refused with status ${response.status}.`,
    detail: problem.data?.detail,
  });
}
