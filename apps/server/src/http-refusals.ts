/**
 * Requests that no route is asked about: bytes that are no HTTP, that can be read in two ways, or that never
 * end. They are answered in our own form, with the headers of every answer, and repeat nothing of what came.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Fault, fail } from '@ausculta/vitals/fault';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemOf, sendFault } from './people/problem.ts';

type Headers = Readonly<Record<string, string>>;

const REASONS: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
};

/** The connection ends: where one request is not understood, nobody knows where the next begins. */
export function refuseUnreadable(headers: Headers) {
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const body = JSON.stringify(problemOf(fail('PAYLOAD_MALFORMED').fault));
    const lines = Object.entries({
      ...headers,
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      connection: 'close',
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    const reason = REASONS[error.code ?? ''] ?? '400 Bad Request';
    socket.write(`HTTP/1.1 ${reason}\r\n${lines.join('')}\r\n${body}`);
    socket.destroySoon();
  };
}

/** What asks us to promise something that we do not know. */
export function refuseExpectation(headers: Headers) {
  return (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(417, { ...headers, connection: 'close' }).end();
  };
}

/** An address that is none: the framework's own answer would repeat it, and it may name somebody. */
export function refuseAddress(headers: Headers) {
  return async (error: { statusCode?: number }, _request: FastifyRequest, reply: FastifyReply) => {
    const isTooLong = error.statusCode === 414;
    reply.headers(headers);
    await sendFault(reply, fail(isTooLong ? 'NOT_FOUND' : 'PAYLOAD_MALFORMED').fault);
  };
}

/**
 * Two hosts, or none in a version that needs one: two readers could disagree about whom it is for. And what no
 * text of the database may hold: no id and no value that is searched for has it.
 */
export function faultOfHead({ raw }: Pick<FastifyRequest, 'raw'>): Fault | undefined {
  let hosts = 0;
  for (let at = 0; at < raw.rawHeaders.length; at += 2)
    if (raw.rawHeaders[at]?.length === 4 && raw.rawHeaders[at]?.toLowerCase() === 'host')
      hosts += 1;
  const isNamed = hosts === 1 || (hosts === 0 && raw.httpVersionMinor === 0);
  if (!isNamed) return fail('PAYLOAD_MALFORMED', 'one host').fault;
  return raw.url?.includes('%00') ? fail('PAYLOAD_MALFORMED', 'the address').fault : undefined;
}

/** Nothing here is upgraded but to a WebSocket: what asks for more is answered as if it had not. */
export function isToWebSocket({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}
