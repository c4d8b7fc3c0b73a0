import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import type { Sql } from '../database/pool.ts';
import { errorCode, StartProblem } from '../database/start-problem.ts';
import { Outgoing } from '../outgoing/outgoing.ts';
import type { Outside } from '../outside.ts';
import { secretOf } from '../subscriptions/signing.ts';
import { HeadsHook } from './heads-hook.ts';
import type { AuditHook } from './hook-settings.ts';

export function openHeadsHook(
  stack: AsyncDisposableStack,
  { url: text, secretFile, mayBePrivate }: AuditHook,
  { sql, ...outside }: Outside & { readonly sql: Sql },
): HeadsHook {
  const url = new URL(text);
  const secret = readSecret(secretFile);
  const rules = { prefixes: [], mayBePrivate };
  const parts = { rules, resolve: lookup, after: outside.after, connectionsMax: 1 };
  const outgoing = new Outgoing({ ...parts, reads: 'status' });
  const hook = new HeadsHook({ ...outside, sql, url, secret, outgoing });
  // The connection is cut first: nobody waits at a stop for a receiver that hangs.
  stack.use(hook);
  stack.use(outgoing);
  return hook;
}

/** Now, so that a secret that is missing is found before heads wait for it. */
function readSecret(file: string): string {
  let secret: string;
  try {
    secret = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    const why = `AUSCULTA_AUDIT_HOOK_SECRET_FILE names a file that cannot be read (${errorCode(cause)}). Mend it.`;
    throw new StartProblem('AUDIT_HOOK_UNUSABLE', why, cause);
  }
  if (secretOf(secret) !== undefined) return secret;
  throw new StartProblem(
    'AUDIT_HOOK_UNUSABLE',
    'The file in AUSCULTA_AUDIT_HOOK_SECRET_FILE holds no secret. Write whsec_ and 24 to 64 bytes in base64 into it.',
  );
}
