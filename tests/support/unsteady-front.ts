/** What stands in front of another server, passes on what it is asked, and can misbehave as networks do. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/**
 * pass: as it is · a status: with `retryAfter` where that is given, nothing passed on · deaf: passed on, and
 * the answer is lost · stuck: passed on, and never answered · half: passed on, and the answer breaks off · cut: the connection ends before anything.
 */
export type Mood =
  | 'pass'
  | 'deaf'
  | 'stuck'
  | 'half'
  | 'cut'
  | { status: number; retryAfter?: string; body?: string };

export interface Passed {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly authorization: string | undefined;
  readonly status: number;
}

export interface UnsteadyFront extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** All that it was asked. */
  readonly asked: Passed[];
  /** For each request, as it comes. */
  mood:
    | Mood
    | ((request: { readonly path: string; readonly body: string }) => Mood | Promise<Mood>);
}

export async function unsteadyFront(target: string): Promise<UnsteadyFront> {
  const asked: Passed[] = [];
  const front: { mood: UnsteadyFront['mood'] } = { mood: 'pass' };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString();
    const { method = '', url: path = '' } = request;
    const { authorization } = request.headers;
    const mood = typeof front.mood === 'function' ? await front.mood({ path, body }) : front.mood;
    const note = (status: number) => asked.push({ method, path, body, authorization, status });
    if (mood === 'cut') {
      note(0);
      request.socket.destroy();
      return;
    }
    if (typeof mood === 'object') {
      note(mood.status);
      const after = mood.retryAfter === undefined ? {} : { 'retry-after': mood.retryAfter };
      response.writeHead(mood.status, { 'content-type': 'application/fhir+json', ...after });
      response.end(mood.body ?? '');
      return;
    }
    const passed = await passOn(`${target}${path}`, request, body);
    const text = await passed.text();
    note(passed.status);
    if (mood === 'stuck') return;
    if (mood === 'deaf') {
      request.socket.destroy();
      return;
    }
    response.writeHead(passed.status, {
      'content-type': passed.headers.get('content-type') ?? '',
      'content-length': Buffer.byteLength(text),
    });
    if (mood === 'pass') {
      response.end(text);
      return;
    }
    response.write(text.slice(0, Math.floor(text.length / 2)), () => request.socket.destroy());
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => request.socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  return Object.defineProperties(
    {
      asked,
      port,
      url: `http://127.0.0.1:${port}`,
      mood: 'pass' as UnsteadyFront['mood'],
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      },
    },
    {
      mood: {
        get: () => front.mood,
        set: (mood: UnsteadyFront['mood']) => {
          front.mood = mood;
        },
      },
    },
  );
}

function passOn(url: string, { method = '', headers }: IncomingMessage, body: string) {
  const { authorization, prefer } = headers;
  return fetch(url, {
    method,
    body,
    headers: {
      'content-type': headers['content-type'] ?? '',
      accept: headers.accept ?? '*/*',
      ...(authorization !== undefined && { authorization }),
      ...(typeof prefer === 'string' && { prefer }),
    },
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
