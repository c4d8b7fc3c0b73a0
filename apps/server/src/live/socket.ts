/** GET /api/live: the WebSocket door of the hub. */
import { LIVE_SUBPROTOCOL, LiveRequest } from '@ausculta/contract/live';
import type { FastifyInstance } from 'fastify';
import { callerOf } from '../people/access.ts';
import type { LiveHub } from './hub.ts';

/** A subscription of 64 subjects is about 3 KB. */
export const LIVE_REQUEST_BYTES_MAX = 16 * 1024;

export function liveRoutes(app: FastifyInstance, hub: LiveHub): void {
  app.get('/api/live', { config: { access: 'clinician' }, websocket: true }, (socket, request) => {
    const { organisationId } = callerOf(request);
    const viewer = hub.join(organisationId, {
      send: (frame) => socket.send(frame),
      bufferedBytes: () => socket.bufferedAmount,
      close: () => socket.terminate(),
    });
    socket.on('message', (data, isBinary) => {
      const parsed = isBinary ? undefined : LiveRequest.safeParse(parseJson(String(data)));
      if (parsed?.success) hub.subscribe(viewer, parsed.data);
      else viewer.notices.push({ type: 'refused', fault: 'PAYLOAD_MALFORMED' });
    });
    socket.on('close', () => hub.leave(viewer));
    socket.on('error', () => socket.terminate());
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
