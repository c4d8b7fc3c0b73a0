/**
 * Enrolment over secure transport (EST, RFC 7030), as programs that we did not write speak it: the
 * authorities' certificates, a first certificate for a claim code, another one for the one before.
 */
import { type Fault, fail } from '@ausculta/vitals/fault';
import { parseDeviceId } from '@ausculta/vitals/identity';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RegisteredDevice } from '../devices/known-device.ts';
import { sendFault } from '../people/problem.ts';
import { clientCertificateOf } from './client-certificate.ts';
import { requestBytes } from './enrolment.ts';
import type { Pki } from './open-pki.ts';

/** A request with a key of RSA-4096 has two. */
const REQUEST_BYTES_MAX = 16 * 1024;

/** From one address: a ward that is switched on at once, and nobody who tries codes. */
const ENROLMENT_RATE = { max: 60, timeWindow: 60_000 };

/** RFC 2045: a line of base64 has as many signs. */
const BASE64_LINE = /.{1,76}/g;

export interface EstPorts {
  readonly pki: Pick<Pki, 'authorities' | 'claimCodes' | 'enrolment' | 'signIn' | 'refusals'>;
  readonly devices: ReadonlyMap<string, RegisteredDevice>;
  readonly nowMs: () => number;
}

export function estRoutes(app: FastifyInstance, ports: EstPorts): void {
  const { authorities, enrolment } = ports.pki;
  void app.register((est, _, done) => {
    est.removeAllContentTypeParsers();
    est.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) =>
      parsed(null, body),
    );

    // 4.1: whoever asks has nothing yet to prove itself with.
    est.get(
      '/.well-known/est/cacerts',
      { config: { access: 'public', rateLimit: ENROLMENT_RATE } },
      async (_request, reply) => await sendCertificates(reply, await authorities.all()),
    );

    const access = { config: { access: 'device', rateLimit: ENROLMENT_RATE } } as const;
    const limits = { ...access, bodyLimit: REQUEST_BYTES_MAX };

    est.post('/.well-known/est/simpleenroll', limits, async (request, reply) => {
      if (!isPrivate(request)) return await sendFault(reply, BY_TLS);
      const claimed = claimOf(request, ports);
      if (claimed === undefined) return await challenge(reply);
      const { device, code } = claimed;
      const issued = await enrolment.claim(device, { code, request: bodyOf(request) });
      if (!issued.ok) return await sendFault(reply, issued.fault);
      return await sendCertificates(reply, [issued.value]);
    });

    est.post('/.well-known/est/simplereenroll', limits, async (request, reply) => {
      const { socket } = request.raw;
      const certificate = clientCertificateOf(socket);
      if (certificate === undefined) return await sendFault(reply, BY_CERTIFICATE);
      const shown = { names: [], token: undefined, certificate };
      const device = ports.pki.signIn({ ...shown, door: 'est', address: request.ip })?.device;
      if (device === undefined) return await sendFault(reply, fail('CREDENTIALS_REFUSED').fault);
      const issued = await enrolment.renew(device, bodyOf(request));
      if (!issued.ok) return await sendFault(reply, issued.fault);
      return await sendCertificates(reply, [issued.value]);
    });
    done();
  });
}

const BY_TLS: Fault = fail('NOT_PERMITTED', 'a claim code is taken by TLS alone').fault;
const BY_CERTIFICATE: Fault = fail(
  'CREDENTIALS_REFUSED',
  'a certificate is renewed by showing it, in the TLS handshake with this server itself',
).fault;

/** What is said is heard by nobody else: TLS, here or at a proxy that is trusted, or this machine alone. */
function isPrivate({ protocol, ip }: FastifyRequest): boolean {
  return protocol === 'https' || ip === '::1' || /^(::ffff:)?127\./.test(ip);
}

/** The device and code of HTTP Basic, where they open. */
function claimOf(
  request: FastifyRequest,
  { devices, pki, nowMs }: EstPorts,
): { readonly device: RegisteredDevice; readonly code: string } | undefined {
  const [, encoded = ''] =
    /^Basic ([A-Za-z0-9+/=]+)$/i.exec(request.headers.authorization ?? '') ?? [];
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  // A device's id may have colons in it; a code has none.
  const at = pair.lastIndexOf(':');
  const code = pair.slice(at + 1);
  const id = parseDeviceId(pair.slice(0, Math.max(at, 0)));
  const device = id === undefined ? undefined : devices.get(id);
  if (device === undefined) return undefined;
  if (pki.claimCodes.opens(device.id, code, nowMs())) return { device, code };
  pki.refusals.note(device, { because: 'wrong-claim-code', door: 'est', address: request.ip });
  return undefined;
}

/** 3.2.3: a client that has not said who it is is asked for it. */
async function challenge(reply: FastifyReply): Promise<FastifyReply> {
  reply.header('www-authenticate', 'Basic realm="device id and claim code"');
  return await sendFault(reply, fail('CREDENTIALS_REFUSED').fault);
}

function bodyOf({ body }: FastifyRequest): Uint8Array {
  return body instanceof Uint8Array ? requestBytes(body) : new Uint8Array();
}

/** 4.1.3, 4.2.3: PKCS #7 with certificates only, in base64. */
async function sendCertificates(
  reply: FastifyReply,
  certificates: readonly Uint8Array[],
): Promise<FastifyReply> {
  const { certsOnly } = await import('./x509.ts');
  const lines = Buffer.from(certsOnly(certificates)).toString('base64').match(BASE64_LINE) ?? [];
  return await reply
    .type('application/pkcs7-mime; smime-type=certs-only')
    .header('content-transfer-encoding', 'base64')
    .send(`${lines.join('\r\n')}\r\n`);
}
