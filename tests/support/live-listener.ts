/** What a browser hears on its live socket. */
import { LIVE_SUBPROTOCOL, LiveNotice } from '@ausculta/contract/live';
import { decodeFrame } from '@ausculta/contract/live-frame';

export interface Listener {
  readonly notices: LiveNotice[];
  readonly values: number[];
  /** How many have come, with anything in them or nothing. */
  readonly frames: () => number;
  /** True once the socket is open, false if it was refused. */
  readonly opened: Promise<boolean>;
  readonly close: () => void;
  /** The code with which the server or this side ended it. */
  readonly closed: Promise<number>;
}

interface ServerEars {
  readonly url: string;
  readonly subjects: readonly string[];
  readonly headers: Record<string, string>;
}

export function listenTo({ url, subjects, headers }: ServerEars): Listener {
  const notices: LiveNotice[] = [];
  const values: number[] = [];
  let frames = 0;
  // Node's own WebSocket takes headers; the type is that of browsers, which must not.
  const options = { protocols: [LIVE_SUBPROTOCOL], headers } as never;
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/live`, options);
  socket.binaryType = 'arraybuffer';
  const opened = new Promise<boolean>((resolve) => {
    socket.addEventListener('open', () => {
      socket.send(JSON.stringify({ type: 'subscribe', subjects }));
      resolve(true);
    });
    socket.addEventListener('error', () => resolve(false));
  });
  socket.addEventListener('message', ({ data }) => {
    const frame = decodeFrame(new Uint8Array(data as ArrayBuffer));
    if (frame === undefined) return;
    frames += 1;
    values.push(...frame.numerics.map(({ value }) => value));
    const texts = frame.noticesJson === '' ? [] : (JSON.parse(frame.noticesJson) as unknown[]);
    notices.push(...texts.map((notice) => LiveNotice.parse(notice)));
  });
  const closed = new Promise<number>((resolve) => {
    socket.addEventListener('close', ({ code }) => resolve(code));
  });
  return { notices, values, frames: () => frames, opened, close: () => socket.close(), closed };
}
