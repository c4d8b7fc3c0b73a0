/** GET /api/live: the WebSocket door of the hub. */
import { LIVE_SIGNED_OUT_CODE, LIVE_SUBPROTOCOL, LiveRequest } from '@ausculta/contract/live';
import type { FastifyInstance } from 'fastify';
import { noteRead, writeNoted } from '../audit/noted-reads.ts';
import type { Outside } from '../outside.ts';
import { callerOf, credentialOf, ofEach, viewerOf } from '../people/access.ts';
import { refuseWithoutSocket } from '../people/problem.ts';
import type { LiveHub } from './hub.ts';
import type { SignedInSockets } from './signed-in-sockets.ts';

/** A subscription of 64 subjects is about 3 KB. */
export const LIVE_REQUEST_BYTES_MAX = 16 * 1024;

/** RFC 6455, 7.4.1: try again later. */
const TRY_AGAIN_LATER = 1013;

/** HTTP's status of a socket. */
const SWITCHED = 101;

/** A browser that does not answer the closing handshake is not waited for. */
const CLOSE_WITHIN_MS = 5_000;

export interface LiveRoutePorts {
  readonly hub: LiveHub;
  readonly sockets: SignedInSockets;
  readonly after: Outside['after'];
}

export function liveRoutes(app: FastifyInstance, { hub, sockets, after }: LiveRoutePorts): void {
  app.route({
    method: 'GET',
    url: '/api/live',
    config: ofEach('stream', 'vitals'),
    handler: refuseWithoutSocket,
    wsHandler: (socket, request) => {
      const { organisationId } = callerOf(request);
      const forget = sockets.hold(credentialOf(request), () => {
        hub.leave(viewer);
        socket.close(LIVE_SIGNED_OUT_CODE, 'signed out');
        socket.on(
          'close',
          after(CLOSE_WITHIN_MS, () => socket.terminate()),
        );
      });
      if (forget === undefined) {
        socket.close(TRY_AGAIN_LATER, 'too many sockets');
        return;
      }
      const viewer = hub.join(organisationId, viewerOf(request), {
        send: (frame) => socket.send(frame),
        bufferedBytes: () => socket.bufferedAmount,
        close: () => socket.terminate(),
      });
      // One after the other: what is asked for last is what is watched.
      let subscribing: Promise<void> = Promise.resolve();
      const subscribe = async (asked: LiveRequest): Promise<void> => {
        noteRead(request, hub.newTo(viewer, asked), { act: 'subscribe', mayOwe: true });
        await writeNoted(request, SWITCHED);
        hub.subscribe(viewer, asked);
      };
      socket.on('message', (data, isBinary) => {
        const parsed = isBinary ? undefined : LiveRequest.safeParse(parseJson(String(data)));
        if (parsed?.success) {
          // One that fails is said, and keeps no later one from being answered.
          subscribing = subscribing
            .then(() => subscribe(parsed.data))
            .catch(() => void viewer.notices.push({ type: 'refused', fault: 'STORE_UNAVAILABLE' }));
        } else viewer.notices.push({ type: 'refused', fault: 'PAYLOAD_MALFORMED' });
      });
      socket.on('close', () => {
        forget();
        hub.leave(viewer);
      });
      socket.on('error', () => socket.terminate());
    },
  });
}

export function chooseSubprotocol(offered: Set<string>): string | false {
  return offered.has(LIVE_SUBPROTOCOL) ? LIVE_SUBPROTOCOL : false;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
