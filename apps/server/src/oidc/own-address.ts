/** Under which address this server is known: what it was set to, and never what a client or a proxy says. */
import { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { OIDC_BASE } from './open-oidc.ts';

export interface AddressPorts {
  readonly publicUrl: string | undefined;
  /** By which name its own port is reached. */
  readonly host: string;
  readonly isTls: boolean;
}

export function baseOf(app: FastifyInstance, { publicUrl, host, isTls }: AddressPorts): string {
  if (publicUrl !== undefined) return publicUrl;
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `${isTls ? 'https' : 'http'}://${name}:${port}`;
}

/** A sign-in that the provider would keep by itself: our own session is asked each time instead. */
const OWN_SESSION = /^_session(\.|=)/;

/**
 * The provider takes its own address, and so the audience of an assertion, from the headers of whoever asks:
 * an assertion made for another server would be taken here by naming that one. It is told ours.
 */
export function asAskedAt(base: string, raw: IncomingMessage): IncomingMessage {
  const { host, protocol } = new URL(base);
  for (const name of Object.keys(raw.headers))
    if (/^(x-)?forwarded/.test(name)) delete raw.headers[name];
  raw.headers.host = host;
  raw.headers['x-forwarded-proto'] = protocol.replace(':', '');
  const cookies = raw.headers.cookie?.split(/; */).filter((one) => !OWN_SESSION.test(one));
  if (cookies !== undefined) raw.headers.cookie = cookies.join('; ');
  const asked = Object.assign(raw, { originalUrl: withConsent(raw.url ?? '') });
  asked.url = asked.originalUrl.slice(OIDC_BASE.length);
  return asked;
}

/** The same request with a body that was read already. */
export function withBody(raw: IncomingMessage, text: string): IncomingMessage {
  const bytes = Buffer.from(text);
  const { method, url, headers, httpVersion } = raw;
  const same = { method, url, httpVersion, originalUrl: Reflect.get(raw, 'originalUrl') };
  const copy = Object.assign(new IncomingMessage(raw.socket), same);
  copy.headers = { ...headers, 'content-length': String(bytes.length) };
  copy.push(bytes);
  copy.push(null);
  // Else its end would be taken for somebody hanging up.
  copy.complete = true;
  return copy;
}

/** Whoever wants to go on while the person is away has to ask them, and few apps know that they have to say so. */
function withConsent(url: string): string {
  const [path = '', query = ''] = url.split('?', 2);
  const asked = new URLSearchParams(query);
  if (path !== `${OIDC_BASE}/auth` || asked.has('prompt')) return url;
  asked.append('prompt', 'consent');
  return `${path}?${asked}`;
}
