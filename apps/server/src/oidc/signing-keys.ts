/** The key that signs what is said to programs: made once, sealed, and never shown but for its public half. */
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import type { KeptBy } from './adapter.ts';
import * as store from './store.ts';

/** SMART App Launch asks every server for this one. */
const ALGORITHM = 'RS256';

export const keyContext = (id: string): string => `oidc-key/${id}`;

export async function signingKeys(
  { sql, seal, organisationId }: KeptBy,
  newId: () => string,
): Promise<JWK[]> {
  if ((await store.readKeys(sql)).length === 0) {
    const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
    const id = newId();
    const jwk = { ...(await exportJWK(privateKey)), kid: id, alg: ALGORITHM, use: 'sig' };
    const sealed = seal.seal(new TextEncoder().encode(JSON.stringify(jwk)), keyContext(id));
    await store.insertKey(sql, { organisation_id: organisationId, id, sealed });
  }
  return (await store.readKeys(sql)).flatMap((row) => {
    const opened = seal.open(row.sealed, keyContext(row.id));
    return opened.ok ? [JSON.parse(new TextDecoder().decode(opened.value)) as JWK] : [];
  });
}
