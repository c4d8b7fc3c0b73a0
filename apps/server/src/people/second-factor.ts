/** A second factor: codes that an app shows (TOTP, RFC 6238), and recovery codes for when it is lost. */
import { Secret, TOTP } from 'otpauth';
import type { Transaction } from '../database/pool.ts';
import type { RandomBytes } from '../outside.ts';
import type { Seal } from '../vault/seal.ts';
import * as store from './factor-store.ts';

const ISSUER = 'Ausculta';
/** RFC 4226: a secret as long as the hash. */
const SECRET_BYTES = 20;
const STEP_MS = 30_000;
/** A telephone's clock may be a step off, and a code takes some seconds to type. */
const STEPS_AROUND = 1;

const RECOVERY_CODES = 10;
/** 80 bits: as good as a key, and guessed by nobody though its hash is a quick one. */
const RECOVERY_BYTES = 10;

export const secretContext = (organisationId: string, accountId: string): string =>
  `second-factor/${organisationId}/${accountId}`;

export interface SecondFactorPorts {
  readonly organisationSeal: (organisationId: string) => Seal;
  readonly sha256: (text: string) => Uint8Array;
  readonly randomBytes: RandomBytes;
  readonly nowMs: () => number;
}

/** As an app takes it: by a picture of the address, or typed. */
export interface NewSecret {
  readonly secret: string;
  readonly uri: string;
}

export function newSecret(randomBytes: RandomBytes, loginName: string): NewSecret {
  const bytes = Uint8Array.from(randomBytes(SECRET_BYTES));
  const totp = totpOf(new Secret({ buffer: bytes.buffer }), loginName);
  return { secret: totp.secret.base32, uri: totp.toString() };
}

/** The step whose code it is; undefined: of none that lies near. */
export function stepOf(secret: string, code: string, nowMs: number): number | undefined {
  const delta = totpOf(Secret.fromBase32(secret)).validate({
    token: code,
    timestamp: nowMs,
    window: STEPS_AROUND,
  });
  return delta === null ? undefined : Math.floor(nowMs / STEP_MS) + delta;
}

function totpOf(secret: Secret, label = 'Ausculta'): TOTP {
  return new TOTP({ issuer: ISSUER, label, secret, algorithm: 'SHA1', digits: 6, period: 30 });
}

/** Keeps the secret sealed; the code that proved it is used up. Answers the recovery codes, once. */
export async function setSecondFactor(
  tx: Transaction,
  ports: SecondFactorPorts,
  { organisationId, id, secret, step }: store.Owner & { secret: string; step: number },
): Promise<string[]> {
  const seal = ports.organisationSeal(organisationId);
  const sealed = seal.seal(new TextEncoder().encode(secret), secretContext(organisationId, id));
  await store.writeSecondFactor(tx, { organisationId, id, secret_sealed: sealed, last_step: step });
  return await renewRecoveryCodes(tx, ports, { organisationId, id });
}

export async function renewRecoveryCodes(
  tx: Transaction,
  { randomBytes, sha256 }: SecondFactorPorts,
  owner: store.Owner,
): Promise<string[]> {
  const codes = Array.from({ length: RECOVERY_CODES }, () => recoveryCode(randomBytes));
  await store.writeRecoveryCodes(tx, {
    ...owner,
    hashes: codes.map((code) => sha256(plainCode(code))),
  });
  return codes;
}

function recoveryCode(randomBytes: RandomBytes): string {
  const bytes = Uint8Array.from(randomBytes(RECOVERY_BYTES));
  const letters = new Secret({ buffer: bytes.buffer }).base32.toLowerCase();
  return (letters.match(/.{4}/g) ?? []).join('-');
}

const plainCode = (code: string): string => code.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Which kind of code it was; it is used up. Undefined: of neither kind, or used before. */
export async function useUpCode(
  sql: Parameters<typeof store.useUpStep>[0],
  ports: SecondFactorPorts,
  { code, ...owner }: store.Owner & { readonly code: string },
): Promise<'code' | 'recovery-code' | undefined> {
  const plain = plainCode(code);
  if (!/^\d{6}$/.test(plain)) {
    const hash = ports.sha256(plain);
    return (await store.useUpRecoveryCode(sql, { ...owner, hash })) ? 'recovery-code' : undefined;
  }
  const row = await store.secondFactorOf(sql, owner);
  if (row === undefined) return undefined;
  const { organisationId, id } = owner;
  const opened = ports
    .organisationSeal(organisationId)
    .open(row.secret_sealed, secretContext(organisationId, id));
  if (!opened.ok) return undefined;
  const step = stepOf(new TextDecoder().decode(opened.value), plain, ports.nowMs());
  if (step === undefined) return undefined;
  return (await store.useUpStep(sql, { ...owner, step })) ? 'code' : undefined;
}
