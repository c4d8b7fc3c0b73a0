/** Who is called when alarms do not arrive: a relay for mails, a gateway for calls, and somewhere that listens for a heart. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { mailReceiver } from './mail-receiver.ts';

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

export interface Technician extends AsyncDisposable {
  readonly settings: Readonly<Record<string, string>>;
  /** Subjects of mails that were taken, and of calls by the gateway whose signature holds. */
  readonly mails: () => string[];
  readonly calls: { readonly subject: string; readonly text: string }[];
  readonly beats: () => number;
  /** How the gateway answers. */
  answer: number;
}

export async function technicianOnCall(): Promise<Technician> {
  const mail = await mailReceiver();
  const calls: { subject: string; text: string }[] = [];
  let beats = 0;
  let answer = 200;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (request.url === '/beat') {
        beats += 1;
        response.writeHead(200).end();
        return;
      }
      const headers = request.headers as Record<string, string>;
      const body = new Webhook(SECRET).verify(Buffer.concat(parts).toString(), headers);
      if (answer === 200) calls.push(body as { subject: string; text: string });
      response.writeHead(answer).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    settings: {
      AUSCULTA_WATCHDOG_MAIL_RELAY: `smtp://127.0.0.1:${mail.port}`,
      AUSCULTA_WATCHDOG_MAIL_FROM: 'watchdog@hospital.example',
      AUSCULTA_WATCHDOG_MAIL_TO: 'technician@hospital.example',
      AUSCULTA_WATCHDOG_HOOK: `http://127.0.0.1:${port}/call`,
      AUSCULTA_WATCHDOG_HEARTBEAT: `http://127.0.0.1:${port}/beat`,
    },
    mails: () => mail.taken.map(({ subject }) => subject),
    calls,
    beats: () => beats,
    get answer() {
      return answer;
    },
    set answer(status: number) {
      answer = status;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await mail[Symbol.asyncDispose]();
    },
  };
}
