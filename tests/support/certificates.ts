/** Keys, requests and certificates as devices and those who pretend to be devices have them. */
import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const HOUR_MS = 3_600_000;

export interface KeyAndCertificate {
  readonly key: string;
  readonly cert: string;
}

export type Keys = Awaited<ReturnType<typeof newKeys>>;

export const newKeys = () => crypto.subtle.generateKey(EC, true, ['sign', 'verify']);

export async function pemOfKey({ privateKey }: Keys): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', privateKey));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n');
}

/** PKCS #10, PEM. */
export async function requestFor(keys: Keys, name = 'whatever'): Promise<string> {
  const name_ = `CN=${name}`;
  const made = await Pkcs10CertificateRequestGenerator.create({
    name: name_,
    keys,
    signingAlgorithm: EC,
  });
  return made.toString('pem');
}

export interface Wanted {
  readonly name: string;
  readonly purpose?: 'client' | 'server';
  readonly untilMs?: number;
  /** Itself where undefined. */
  readonly signedBy?: { readonly name: string; readonly keys: Keys };
  readonly isAuthority?: boolean;
}

export async function certificateFor(keys: Keys, wanted: Wanted): Promise<string> {
  const { name, purpose = 'client', signedBy, isAuthority = false } = wanted;
  const untilMs = wanted.untilMs ?? Date.now() + HOUR_MS;
  const usage = purpose === 'client' ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth;
  const ofServer = new SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: `40${randomBytes(15).toString('hex')}`,
    subject: `CN=${name}`,
    issuer: `CN=${signedBy?.name ?? name}`,
    notBefore: new Date(Math.min(untilMs, Date.now()) - HOUR_MS),
    notAfter: new Date(untilMs),
    publicKey: keys.publicKey,
    signingKey: (signedBy?.keys ?? keys).privateKey,
    signingAlgorithm: EC,
    extensions: [
      new BasicConstraintsExtension(isAuthority, undefined, true),
      ...(isAuthority ? [] : [new ExtendedKeyUsageExtension([usage])]),
      ...(purpose === 'server' ? [ofServer] : []),
    ],
  });
  return certificate.toString('pem');
}

/** What a server shows at 127.0.0.1; its clients trust it as it is. */
export async function serverCertificate(name = 'server'): Promise<KeyAndCertificate> {
  const keys = await newKeys();
  const cert = await certificateFor(keys, { name, purpose: 'server' });
  return { key: await pemOfKey(keys), cert };
}
