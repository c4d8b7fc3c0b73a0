/** The few questions that the watchdog asks the server over HTTP. Nothing is waited for longer than its patience. */

export interface ServerClient {
  /** Posts where there is a body, gets where there is none; throws what is no answer of this form. */
  ask<T>(path: string, answer: { parse(value: unknown): T }, body?: unknown): Promise<T>;
  tell(path: string, body: unknown): Promise<void>;
}

export interface ServerAccess {
  readonly url: string;
  readonly token: string;
  readonly patienceMs: number;
}

export function openServerClient({ url, token, patienceMs }: ServerAccess): ServerClient {
  const send = async (path: string, body: unknown): Promise<Response> =>
    await fetch(new URL(path, url), {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(patienceMs),
    });
  const refused = (path: string, { status }: Response): Error =>
    new Error(`${path} was answered with ${status}`);
  return {
    async ask(path, answer, body) {
      const response = await send(path, body);
      if (!response.ok) throw refused(path, response);
      return answer.parse(await response.json());
    },
    async tell(path, body) {
      const response = await send(path, body);
      if (!response.ok) throw refused(path, response);
      await response.arrayBuffer();
    },
  };
}
