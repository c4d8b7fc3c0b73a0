/** A relay of the operator: a real SMTP server that takes mails, or does not. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { readNotification } from './hook-receiver.ts';

export interface ReceivedMail {
  readonly to: readonly string[];
  /** As it came, headers and all. */
  readonly raw: string;
  readonly subject: string;
  readonly messageId: string;
  readonly isEncrypted: boolean;
  readonly user: string | undefined;
  /** What is attached; to ask for it where nothing is throws. */
  readonly notification: ReturnType<typeof readNotification>;
}

export interface MailReceiver extends AsyncDisposable {
  readonly port: number;
  readonly taken: ReceivedMail[];
  /** How often somebody was named as a recipient. */
  readonly tried: () => number;
  /** How the next ones are answered: taken, with a code, or with the end of the connection. */
  answer: 'take' | number | 'cut';
}

export async function mailReceiver(options: SMTPServerOptions = {}): Promise<MailReceiver> {
  const taken: ReceivedMail[] = [];
  let answer: MailReceiver['answer'] = 'take';
  let tried = 0;
  const sockets = new Set<Socket>();
  const server = new SMTPServer({
    ...{ authOptional: true, disableReverseLookup: true, disabledCommands: ['STARTTLS'] },
    onRcptTo(_address, _session, done) {
      tried += 1;
      if (typeof answer !== 'number') return done();
      done(Object.assign(new Error('Ottilie Quellwasser is away'), { responseCode: answer }));
    },
    onData(stream, session, done) {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      if (answer === 'cut') {
        for (const socket of sockets) socket.destroy();
        return;
      }
      stream.on('end', () => {
        const raw = Buffer.concat(parts).toString();
        const { secure: isEncrypted, user, envelope } = session;
        const to = envelope.rcptTo.map(({ address }) => address);
        taken.push({
          ...{ to, raw, isEncrypted, user: user as string | undefined, ...headersOf(raw) },
          get notification() {
            return readNotification(attachedTo(raw));
          },
        });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  const listening = server.listen(0, '::');
  await once(listening, 'listening');
  const address = listening.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    ...{ port, taken, tried: () => tried },
    get answer() {
      return answer;
    },
    set answer(next) {
      answer = next;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function headersOf(raw: string) {
  const headerOf = (name: string): string =>
    new RegExp(`^${name}: (.*(?:\\r\\n[ \\t].*)*)`, 'im').exec(raw)?.[1]?.trim() ?? '';
  return { subject: headerOf('Subject'), messageId: headerOf('Message-ID') };
}

function attachedTo(raw: string): string {
  const [, attached = ''] =
    /application\/fhir\+json[\s\S]*?\r\n\r\n([\s\S]*?)\r\n--/.exec(raw) ?? [];
  return Buffer.from(attached.replaceAll('\r\n', ''), 'base64').toString();
}
