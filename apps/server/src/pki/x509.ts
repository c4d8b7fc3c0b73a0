/**
 * Certificates as such: an authority's own, those that it signs, and what devices ask for (PKCS #10).
 * Imported when somebody first needs it: its library takes a third of a second to load.
 */
import 'reflect-metadata';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  type PublicKey,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  X509Certificates,
} from '@peculiar/x509';

/** NIST P-256: what small devices and secure elements know. */
const AUTHORITY_KEY = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNED_WITH = { name: 'ECDSA', hash: 'SHA-256' } as const;

const CURVES: readonly string[] = ['P-256', 'P-384', 'P-521'];
const DIGESTS: readonly string[] = ['SHA-256', 'SHA-384', 'SHA-512'];
const RSA = { bitsMin: 2048, bitsMax: 4096 };

export interface Authority {
  /** DER. */
  readonly certificate: Uint8Array;
  /** PKCS #8. */
  readonly privateKey: Uint8Array;
}

interface Validity {
  readonly fromMs: number;
  readonly untilMs: number;
  /** Hexadecimal, of a positive number. */
  readonly serial: string;
}

export async function makeAuthority(name: string, validity: Validity): Promise<Authority> {
  const { subtle } = globalThis.crypto;
  const keys = await subtle.generateKey(AUTHORITY_KEY, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }],
    keys,
    signingAlgorithm: SIGNED_WITH,
    ...timesOf(validity),
    extensions: [
      // It signs for devices and for no other authority.
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const privateKey = new Uint8Array(await subtle.exportKey('pkcs8', keys.privateKey));
  return { certificate: new Uint8Array(certificate.rawData), privateKey };
}

/** For a key that somebody has proved to hold; its name is ours to say, not the asker's. */
export async function issueCertificate(
  authority: Authority,
  { deviceId, key, ...validity }: Validity & { readonly deviceId: string; readonly key: PublicKey },
): Promise<Uint8Array> {
  const issuer = new X509Certificate(Buffer.from(authority.certificate));
  const signingKey = await globalThis.crypto.subtle.importKey(
    'pkcs8',
    Buffer.from(authority.privateKey),
    AUTHORITY_KEY,
    false,
    ['sign'],
  );
  const certificate = await X509CertificateGenerator.create({
    issuer: issuer.subjectName,
    subject: [{ CN: [deviceId] }],
    publicKey: key,
    signingKey,
    signingAlgorithm: SIGNED_WITH,
    ...timesOf(validity),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
      await SubjectKeyIdentifierExtension.create(key),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return new Uint8Array(certificate.rawData);
}

function timesOf({ fromMs, untilMs, serial }: Validity) {
  return { notBefore: new Date(fromMs), notAfter: new Date(untilMs), serialNumber: serial };
}

/** The key of a request whose sender has signed with it: all else that it says is not believed. */
export async function readRequest(der: Uint8Array): Promise<Result<PublicKey>> {
  let request: Pkcs10CertificateRequest;
  let isProved = false;
  try {
    request = new Pkcs10CertificateRequest(Buffer.from(der));
    isProved = await request.verify();
  } catch {
    return fail('PAYLOAD_MALFORMED', 'it is no certificate request (PKCS #10) that can be read');
  }
  const why = isProved ? weaknessOf(request) : 'its signature is not by the key that it names';
  return why === undefined ? ok(request.publicKey) : fail('PAYLOAD_MALFORMED', why);
}

interface KeyAlgorithm {
  readonly name: string;
  readonly namedCurve?: string;
  readonly modulusLength?: number;
}

function weaknessOf({
  publicKey,
  signatureAlgorithm,
}: Pkcs10CertificateRequest): string | undefined {
  const digest = (signatureAlgorithm.hash as { name?: string } | undefined)?.name ?? '';
  const { name, namedCurve = '', modulusLength = 0 }: KeyAlgorithm = publicKey.algorithm;
  const isStrong =
    name === 'ECDSA'
      ? CURVES.includes(namedCurve)
      : name.startsWith('RSA') && modulusLength >= RSA.bitsMin && modulusLength <= RSA.bitsMax;
  if (!isStrong) return 'its key is none of EC P-256, P-384, P-521, RSA of 2048 to 4096 bits';
  return DIGESTS.includes(digest) ? undefined : 'it is not signed with SHA-256 or better';
}

/** PKCS #7 with certificates and nothing else, as RFC 7030 answers (4.1.3). */
export function certsOnly(certificates: readonly Uint8Array[]): Uint8Array {
  const all = certificates.map((der) => new X509Certificate(Buffer.from(der)));
  return new Uint8Array(new X509Certificates(all).export('raw'));
}
