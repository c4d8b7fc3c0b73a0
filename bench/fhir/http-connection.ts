// The plainest client of HTTP/1.1: one connection that is kept, one question at a time. What Node brings
// takes as long for a request as the server does, and both share the machine.
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: Buffer;
}

export interface HttpConnection extends Disposable {
  ask(request: HttpRequest): Promise<HttpAnswer>;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');

export async function openHttpConnection(port: number, token: string): Promise<HttpConnection> {
  const socket = createConnection({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  const always = `Host: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n`;
  let waiting: PromiseWithResolvers<HttpAnswer> | undefined;
  onAnswer(socket, (answer) => waiting?.resolve(answer));
  socket.on('error', (error) => waiting?.reject(error));
  socket.on('close', () => waiting?.reject(new Error('the server closed the connection')));
  return {
    ask({ method, path, body }) {
      waiting = Promise.withResolvers();
      const own =
        body === undefined
          ? ''
          : `Content-Type: application/fhir+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
      socket.write(`${method} ${path} HTTP/1.1\r\n${always}${own}\r\n${body ?? ''}`);
      return waiting.promise;
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

function onAnswer(socket: Socket, tell: (answer: HttpAnswer) => void): void {
  let parts: Buffer[] = [];
  let length = 0;
  let open:
    | { readonly head: string; readonly headLength: number; readonly whole: number }
    | undefined;
  socket.on('data', (part) => {
    parts.push(part);
    length += part.length;
    open ??= headOf(parts.length === 1 ? part : Buffer.concat(parts));
    if (open === undefined || length < open.whole) return;
    const { head, headLength } = open;
    const body = (parts.length === 1 ? part : Buffer.concat(parts)).subarray(headLength);
    parts = [];
    length = 0;
    open = undefined;
    tell({ status: Number(head.slice(9, 12)), head, body });
  });
}

function headOf(bytes: Buffer) {
  const at = bytes.indexOf(END_OF_HEAD);
  if (at < 0) return undefined;
  const head = bytes.toString('latin1', 0, at);
  const headLength = at + END_OF_HEAD.length;
  const content = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (content === undefined && !/^HTTP\/1\.1 (204|304)/.test(head))
    throw new Error('an answer without its length');
  return { head, headLength, whole: headLength + Number(content ?? 0) };
}
