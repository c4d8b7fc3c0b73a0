/** Hands a mail to the operator's relay: once, and only over TLS unless the relay is this very machine. */
import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { createTransport } from 'nodemailer';
import { NotAllowed, pinnedAddress } from '../outgoing/guarded-lookup.ts';
import { isOnThisMachine, type MailSettings } from './mail-settings.ts';
import type { Sent } from './rest-hook.ts';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** Of a Subscription, as the guide has it. */
  readonly notification?: string;
  /** The same for the same events: whoever gets it twice sees one. */
  readonly messageId: string;
}

export class MailRelay {
  readonly #settings: MailSettings | undefined;

  constructor(settings: MailSettings | undefined) {
    this.#settings = settings;
  }

  /** Undefined where nothing is in the way. */
  whyNot(domain: string | undefined): string | undefined {
    if (this.#settings === undefined)
      return 'No mail is sent from here: the operator has named no relay in AUSCULTA_MAIL_RELAY.';
    return domain !== undefined && this.#settings.domains.includes(domain)
      ? undefined
      : 'The domain of the address is none that the operator has listed in AUSCULTA_MAIL_DOMAINS.';
  }

  async send(mail: Mail, timeoutMs: number): Promise<Sent> {
    const settings = this.#settings;
    if (settings === undefined) return { ok: false, reason: this.whyNot(undefined) ?? '' };
    try {
      const transport = createTransport(await optionsOf(settings, timeoutMs));
      const { to, subject, text, notification } = mail;
      const domain = settings.from.slice(settings.from.indexOf('@') + 1);
      await transport.sendMail({
        ...{ from: settings.from, to, subject, text },
        messageId: `<${mail.messageId}@${domain}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
        attachments: notification === undefined ? [] : [attached(notification)],
        ...{ disableFileAccess: true, disableUrlAccess: true },
      });
      return { ok: true };
    } catch (error) {
      return refusalOf(error);
    }
  }
}

const attached = (content: string) => ({
  ...{ filename: 'notification.json', content },
  contentType: 'application/fhir+json',
});

async function optionsOf(settings: MailSettings, timeoutMs: number) {
  const { host, port, isSecure, user, passwordFile, caFile } = settings;
  const pass = passwordFile && (await readFile(passwordFile, 'utf8')).trim();
  const ca = caFile && (await readFile(caFile, 'utf8'));
  const isHere = isOnThisMachine(host);
  // The operator has named it: it may be private, and is this machine only where that was said.
  const rules = { prefixes: [], mayBePrivate: true };
  const address = await pinnedAddress(host, { rules, resolve: lookup });
  const servername = isIP(host) === 0 ? { servername: host } : {};
  return {
    ...{ host: address, port, secure: isSecure },
    // A relay of this machine may have a certificate that nobody has signed; nobody is in between.
    ...(!isSecure && isHere ? { ignoreTLS: true } : { requireTLS: !isSecure }),
    tls: { minVersion: 'TLSv1.2' as const, ...servername, ...(ca && { ca }) },
    ...(user !== undefined && pass !== undefined && { auth: { user, pass } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  };
}

/** What a relay says may name whom it was for: its code is told, and of ours what kind of failure it was. */
function refusalOf(error: unknown): Sent {
  const { responseCode, command, code } = (error ?? {}) as {
    readonly responseCode?: unknown;
    readonly command?: unknown;
    readonly code?: unknown;
  };
  if (error instanceof NotAllowed)
    return { ok: false, reason: 'The relay’s name leads to an address that is never allowed.' };
  if (code === 'ETLS') return { ok: false, reason: 'The relay offers no TLS that can be trusted.' };
  if (typeof responseCode === 'number') {
    const isOfMail = command === 'RCPT TO' || command === 'DATA';
    const isFinal = responseCode >= 500 && isOfMail;
    const reason = `The relay answered ${responseCode}.`;
    return isFinal ? { ok: false, reason, isFinal: true } : { ok: false, reason };
  }
  const name = typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? code : 'broken';
  return { ok: false, reason: `The relay cannot be reached (${name}).` };
}
