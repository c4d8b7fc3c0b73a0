/** An endpoint of a subscriber: a real HTTP server that takes notifications, or does not. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { Bundle, Parameters, ParametersParameter } from '@medplum/fhirtypes';
import { eventually } from './server.ts';

export interface Notification {
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
  readonly text: string;
  readonly bundle: Bundle;
  readonly status: Parameters;
  readonly type: string;
  /** By their numbers. */
  readonly events: readonly { readonly number: number; readonly focus: string | undefined }[];
}

export interface HookReceiver extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** What has been answered with 200. */
  readonly taken: Notification[];
  /** All that has come, taken or not. */
  readonly seen: Notification[];
  /** How the next ones are answered: a status, by then or at once, or nothing at all. */
  answer: number | 'never' | { readonly redirect: string } | { readonly takenAt: Promise<void> };
}

export async function hookReceiver(port = 0): Promise<HookReceiver> {
  const receiver = { taken: [] as Notification[], seen: [] as Notification[] };
  let answer: HookReceiver['answer'] = 200;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const text = Buffer.concat(parts).toString();
      const { headers, url: path = '' } = request;
      const notification = { headers, path, ...readNotification(text) };
      receiver.seen.push(notification);
      if (answer === 'never') return;
      if (typeof answer === 'object' && 'takenAt' in answer) {
        void answer.takenAt.then(() => {
          receiver.taken.push(notification);
          response.writeHead(200).end();
        });
        return;
      }
      if (typeof answer === 'object') {
        response.writeHead(307, { location: answer.redirect }).end();
        return;
      }
      if (answer === 200) receiver.taken.push(notification);
      response.writeHead(answer).end();
    });
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    ...receiver,
    url: `http://127.0.0.1:${bound}/`,
    port: bound,
    get answer() {
      return answer;
    },
    set answer(next) {
      answer = next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export function readNotification(text: string) {
  const bundle = JSON.parse(text) as Bundle;
  const status = bundle.entry?.[0]?.resource as Parameters;
  const parameters = status.parameter ?? [];
  const events = parameters
    .filter(({ name }) => name === 'notification-event')
    .map(({ part = [] }) => ({
      number: Number(partOf(part, 'event-number')?.valueString),
      focus: partOf(part, 'focus')?.valueReference?.reference,
    }));
  const type = partOf(parameters, 'type')?.valueCode ?? '';
  return { text, bundle, status, type, events };
}

function partOf(parts: readonly ParametersParameter[], name: string) {
  return parts.find((part) => part.name === name);
}

export function numbersOf(notifications: readonly Pick<Notification, 'events'>[]): number[] {
  return notifications.flatMap(({ events }) => events.map(({ number }) => number));
}

/** Waits for so many events that were taken. */
export async function eventsTaken(receiver: HookReceiver, count: number): Promise<number[]> {
  return await eventually(`${count} events`, () => {
    const numbers = numbersOf(receiver.taken);
    return numbers.length >= count ? numbers : undefined;
  });
}
