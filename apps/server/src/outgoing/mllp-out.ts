/**
 * One message of HL7 to where the operator has said, and its acknowledgement: over a connection of its own, to an
 * address that was looked at, by TLS unless the operator has said otherwise.
 */
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { frameMllp, MllpParser } from '@ausculta/codecs/mllp';
import type { Outside } from '../outside.ts';
import { type EndpointRules, mayConnect } from './endpoints.ts';
import { guardedLookup, NotAllowed, type Resolve } from './guarded-lookup.ts';

export interface MllpPlace {
  readonly host: string;
  readonly port: number;
  /** Undefined: in clear. `ca`: certificates in PEM that sign the receiver's; undefined: those that Node knows. */
  readonly tls: { readonly ca: string | undefined } | undefined;
}

export interface MllpPorts {
  readonly rules: EndpointRules;
  readonly resolve: Resolve;
  readonly after: Outside['after'];
}

/** What was answered, whatever it says; or why there is none, without a name or a value. */
export type MllpReply =
  | { readonly kind: 'answer'; readonly bytes: Uint8Array }
  | { readonly kind: 'none'; readonly reason: string };

/** An acknowledgement is some hundred bytes. */
const ANSWER_BYTES_MAX = 64 * 1024;

export async function sendMllp(
  place: MllpPlace,
  text: string,
  ports: MllpPorts & { readonly timeoutMs: number },
): Promise<MllpReply> {
  const { after, rules, timeoutMs } = ports;
  if (isIP(place.host) !== 0 && !mayConnect(place.host, place.host, rules)) return NOT_ALLOWED;
  const { promise, resolve: settle } = Promise.withResolvers<MllpReply>();
  const parser = new MllpParser({ bytesMax: ANSWER_BYTES_MAX });
  const socket = connected(place, ports, () => {
    socket.write(frameMllp(new TextEncoder().encode(text)));
  });
  const done = after(timeoutMs, () => {
    settle({ kind: 'none', reason: `no answer within ${timeoutMs / 1000} s` });
    socket.destroy();
  });
  socket.on('data', (bytes) => {
    for (const event of parser.push(bytes)) {
      if (event.kind === 'message') settle({ kind: 'answer', bytes: event.bytes });
      else settle({ kind: 'none', reason: 'its answer is no message' });
      socket.end();
    }
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    const reason = `it cannot be reached (${error.code ?? 'broken'})`;
    settle(error instanceof NotAllowed ? NOT_ALLOWED : { kind: 'none', reason });
  });
  socket.on('close', () => {
    done();
    settle({ kind: 'none', reason: 'the connection was closed' });
  });
  return await promise;
}

function connected({ host, port, tls }: MllpPlace, ports: MllpPorts, onReady: () => void): Socket {
  const lookup = guardedLookup(host, ports);
  if (tls === undefined) return connect({ host, port, lookup }, onReady);
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const trusted = tls.ca === undefined ? {} : { ca: tls.ca };
  return connectTls(
    { host, port, lookup, minVersion: 'TLSv1.2', ...servername, ...trusted },
    onReady,
  );
}

const NOT_ALLOWED: MllpReply = {
  kind: 'none',
  reason: 'its name leads to an address that is not allowed',
};
