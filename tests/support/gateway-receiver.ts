/** A gateway of the house: a real HTTP server that takes calls, hangs, refuses, or is not there. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { join } from 'node:path';

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

export interface CallTaken {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly type: string;
  readonly data: {
    readonly id: string;
    readonly to: string | null;
    readonly text: string;
    readonly tier: number;
    readonly round: number;
    readonly answer?: { readonly url: string; readonly token: string };
  };
}

export interface GatewayReceiver extends AsyncDisposable {
  readonly port: number;
  /** What has been answered with 200. */
  readonly taken: CallTaken[];
  /** All that has come. */
  readonly seen: CallTaken[];
  /** How the next ones are answered. */
  answer: number | 'never';
  /** Whether anybody listens there. */
  readonly close: () => Promise<void>;
  readonly open: () => Promise<void>;
}

export async function gatewayReceiver(): Promise<GatewayReceiver> {
  const taken: CallTaken[] = [];
  const seen: CallTaken[] = [];
  let answer: GatewayReceiver['answer'] = 200;
  let server: Server | undefined;
  let port = 0;
  const open = async (): Promise<void> => {
    const opened = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const text = Buffer.concat(parts).toString();
        const call = { headers: request.headers, text, ...JSON.parse(text) } as CallTaken;
        seen.push(call);
        if (answer === 'never') return;
        if (answer === 200) taken.push(call);
        response.writeHead(answer).end();
      });
    }).listen(port, '127.0.0.1');
    await once(opened, 'listening');
    const address = opened.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
    server = opened;
  };
  const close = async (): Promise<void> => {
    const closing = server;
    server = undefined;
    if (closing === undefined) return;
    closing.closeAllConnections();
    closing.close();
    await once(closing, 'close');
  };
  await open();
  return {
    ...{ port, taken, seen, open, close },
    get answer() {
      return answer;
    },
    set answer(next) {
      answer = next;
    },
    [Symbol.asyncDispose]: close,
  };
}

interface Listed {
  readonly name: string;
  readonly receiver: Pick<GatewayReceiver, 'port'>;
  readonly answers?: true;
}

/** The operator's list of them. */
export async function gatewayList(directory: string, listed: readonly Listed[]): Promise<string> {
  const secretFile = join(directory, 'secret');
  await writeFile(secretFile, `${SECRET}\n`);
  const gateways = listed.map(({ receiver, ...rest }) => ({
    ...{ ...rest, kind: 'webhook', secretFile },
    url: `http://127.0.0.1:${receiver.port}/calls`,
  }));
  const file = join(directory, 'calling.json');
  await writeFile(file, JSON.stringify({ gateways }));
  return file;
}
