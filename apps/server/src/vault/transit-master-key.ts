/**
 * A master key that never leaves its key service: HashiCorp Vault's transit engine, or whatever
 * speaks its HTTP (OpenBao does). Rotated there; our rotation wraps anew with its newest version.
 */
import { lookup } from 'node:dns/promises';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { z } from 'zod';
import { StartProblem } from '../database/start-problem.ts';
import { Outgoing } from '../outgoing/outgoing.ts';
import type { MasterKey, MasterKeys } from './master-key.ts';

/** A key service that does not answer a start within this time is away. */
const ANSWER_WITHIN_MS = 10_000;

/** The operator has named it: it may be private, and is this machine only where that was said. */
const ROUTE = {
  rules: { prefixes: [], mayBePrivate: true },
  resolve: lookup,
  after: (delayMs: number, run: () => void) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

export interface TransitOptions {
  /** Of the engine's mount: https://vault.example:8200/v1/transit */
  readonly url: string;
  readonly keyName: string;
  readonly token: string;
}

const Encrypted = z.object({ data: z.object({ ciphertext: z.string().startsWith('vault:') }) });
const Decrypted = z.object({ data: z.object({ plaintext: z.base64() }) });

export function transitMasterKeys(options: TransitOptions): MasterKeys {
  const key: MasterKey = {
    async wrap(root) {
      const plaintext = Buffer.from(root).toString('base64');
      const { status, body } = await ask(options, 'encrypt', { plaintext });
      const answer = Encrypted.safeParse(body);
      if (status !== 200 || !answer.success) throw refused(options, status);
      return Buffer.from(answer.data.data.ciphertext, 'utf8');
    },
    async unwrap(wrapped): Promise<Result<Uint8Array>> {
      const ciphertext = Buffer.from(wrapped).toString('utf8');
      // Wrapped by another provider: the service would only answer that it is not its own.
      if (!ciphertext.startsWith('vault:')) return fail('SEAL_BROKEN', 'another key');
      const { status, body } = await ask(options, 'decrypt', { ciphertext });
      if (status === 400) return fail('SEAL_BROKEN', 'another key');
      const answer = Decrypted.safeParse(body);
      if (status !== 200 || !answer.success) throw refused(options, status);
      return ok(new Uint8Array(Buffer.from(answer.data.data.plaintext, 'base64')));
    },
  };
  return {
    known: [key],
    wanted: key,
    next: async () => key,
    settle: async () => undefined,
  };
}

async function ask(
  { url, keyName, token }: TransitOptions,
  verb: 'encrypt' | 'decrypt',
  question: Record<string, string>,
): Promise<{ status: number; body: unknown }> {
  const address = `${url.replace(/\/+$/, '')}/${verb}/${encodeURIComponent(keyName)}`;
  using outgoing = new Outgoing({ ...ROUTE, reads: 'whole', connectionsMax: 1 });
  const headers = { 'x-vault-token': token, 'content-type': 'application/json' };
  const body = JSON.stringify(question);
  const asked = { url: new URL(address), headers, body, timeoutMs: ANSWER_WITHIN_MS };
  const reply = await outgoing.post(asked);
  if (reply.kind === 'answer') return { status: reply.status, body: jsonOf(reply.text) };
  throw new StartProblem(
    'MASTER_KEY_UNUSABLE',
    `The key service at ${new URL(url).host} does not answer: ${reply.reason}. See that it runs and is unsealed, or set AUSCULTA_KMS_URL to its address.`,
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Never the body: a service may repeat in it what it was sent. */
function refused({ url, keyName }: TransitOptions, status: number): StartProblem {
  const { host } = new URL(url);
  const why =
    status === 403
      ? `does not take the token of AUSCULTA_KMS_TOKEN_FILE. It must be allowed to encrypt and decrypt with the key ${keyName}.`
      : `answered ${status} instead of using the key ${keyName}. See that the key exists (AUSCULTA_KMS_KEY) and the service is unsealed.`;
  return new StartProblem('MASTER_KEY_UNUSABLE', `The key service at ${host} ${why}`);
}
