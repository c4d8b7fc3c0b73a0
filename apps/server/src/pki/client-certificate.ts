/** The certificate that the other end of a TLS connection has shown, and whether it holds. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { RefusedBecause } from './refusals.ts';

export interface ClientCertificate {
  /** SHA-256, in lower-case hexadecimal digits. */
  readonly fingerprint: string;
  /** The common name that it claims. */
  readonly name: string | undefined;
  /** Undefined where an authority of ours has signed it for this use, and it is in time. */
  readonly fault: RefusedBecause | undefined;
}

/** OpenSSL's words for what is wrong with a chain. */
const FAULTS: Readonly<Record<string, RefusedBecause>> = {
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'expired',
  INVALID_PURPOSE: 'wrong-purpose',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'wrong-authority',
  UNABLE_TO_GET_ISSUER_CERT: 'wrong-authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'wrong-authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'wrong-authority',
};

/** Undefined for who has shown none, as for any connection without TLS. */
export function clientCertificateOf(socket: Socket): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const shown = socket.getPeerX509Certificate();
  if (shown === undefined) return undefined;
  const fingerprint = shown.fingerprint256.replaceAll(':', '').toLowerCase();
  const name = /^CN=(.+)$/m.exec(shown.subject)?.[1];
  if (socket.authorized) return { fingerprint, name, fault: undefined };
  // What Node calls an error is the code alone.
  return { fingerprint, name, fault: FAULTS[String(socket.authorizationError)] ?? 'not-verified' };
}
