/** Calls the technician on call by ways that have nothing to do with the server that is looked at. */
import { createHmac } from 'node:crypto';
import { createTransport } from 'nodemailer';
import { LOOPBACK, type WatchdogSettings } from './settings.ts';

export interface Words {
  readonly subject: string;
  readonly text: string;
}

export interface TechnicianPorts {
  readonly mail: WatchdogSettings['mail'];
  readonly hook: { readonly url: string; readonly secret: Uint8Array } | undefined;
  readonly patienceMs: number;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly onProblem: (what: string, error: unknown) => void;
}

/** By every way there is; true once one of them has taken it. */
export async function callTechnician(ports: TechnicianPorts, words: Words): Promise<boolean> {
  const id = ports.newId();
  const ways: readonly (readonly [string, Promise<void> | undefined])[] = [
    ['mail the technician', ports.mail && mailed(ports, words, id)],
    ['call the hook', ports.hook && hooked(ports, words, id)],
  ];
  const taken = await Promise.all(
    ways.map(async ([what, sending]) => {
      if (sending === undefined) return false;
      try {
        await sending;
        return true;
      } catch (error) {
        ports.onProblem(what, error);
        return false;
      }
    }),
  );
  return taken.includes(true);
}

async function mailed(ports: TechnicianPorts, words: Words, id: string): Promise<void> {
  const { mail, patienceMs } = ports;
  if (mail === undefined) return;
  const { protocol, hostname } = new URL(mail.relay);
  const transport = createTransport({
    url: mail.relay,
    // Nobody is in between on this very machine; elsewhere a mail goes by TLS or not at all.
    requireTLS: protocol === 'smtp:' && !LOOPBACK.test(hostname),
    ignoreTLS: LOOPBACK.test(hostname),
    connectionTimeout: patienceMs,
    greetingTimeout: patienceMs,
    socketTimeout: patienceMs,
  });
  const { from, to } = mail;
  const messageId = `<${id}@${from.slice(from.indexOf('@') + 1)}>`;
  await transport.sendMail({ from, to, ...words, messageId, priority: 'high' });
}

/** Signed as Standard Webhooks has it, so that a gateway for text messages or calls knows whose word it is. */
async function hooked(ports: TechnicianPorts, words: Words, id: string): Promise<void> {
  const { hook, patienceMs, nowMs } = ports;
  if (hook === undefined) return;
  const body = JSON.stringify({ type: 'watchdog', ...words });
  const timestamp = String(Math.floor(nowMs() / 1_000));
  const mac = createHmac('sha256', hook.secret).update(`${id}.${timestamp}.${body}`);
  const response = await fetch(hook.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${mac.digest('base64')}`,
    },
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(patienceMs),
  });
  if (!response.ok) throw new Error(`answered with ${response.status}`);
}
