/** OAuth 2.0 for programs of others: the clients, and the server that gives them tokens. */
import type Provider from 'oidc-provider';
import type { Sql } from '../database/pool.ts';
import { type Outside, secretsOf } from '../outside.ts';
import { readOrganisations } from '../people/store.ts';
import type { Seal } from '../vault/seal.ts';
import type { KeptBy } from './adapter.ts';
import { createProvider } from './provider.ts';
import { signingKeys } from './signing-keys.ts';
import { clientById, deleteExpiredArtifacts } from './store.ts';

/** Below the address of the server. */
export const OIDC_BASE = '/oidc';

export interface OidcPorts {
  readonly sql: Sql;
  readonly organisationSeal: (organisationId: string) => Seal;
  readonly onGone: () => void;
  readonly outside: Pick<Outside, 'nowMs' | 'newId' | 'randomBytes'>;
}

export class Oidc {
  readonly #ports: OidcPorts;
  #provider: Promise<Provider> | undefined;

  constructor(ports: OidcPorts) {
    this.#ports = ports;
  }

  /** Made when it is first asked: its own address is known once the port is open. */
  provider(places: { readonly base: string; readonly audience: string }): Promise<Provider> {
    this.#provider ??= this.#open(places).catch((error: unknown) => {
      this.#provider = undefined;
      throw error;
    });
    return this.#provider;
  }

  async #open({ base, audience }: { base: string; audience: string }): Promise<Provider> {
    const { sql, organisationSeal, outside, onGone } = this.#ports;
    const { sha256, randomToken } = secretsOf(outside);
    const [first] = await readOrganisations(sql);
    if (first === undefined) throw new Error('broken invariant: a server has an organisation');
    const seal = organisationSeal(first.id);
    const { nowMs } = outside;
    const kept: KeptBy = { sql, organisationId: first.id, seal, sha256, nowMs, onGone };
    return createProvider({
      ...kept,
      issuer: `${base}${OIDC_BASE}`,
      audience,
      keys: await signingKeys(kept, outside.newId),
      cookieSecret: randomToken(),
      scopeOf: async (clientId) => (await clientById(sql, clientId))?.scope,
    });
  }

  async forgetExpired(): Promise<void> {
    await deleteExpiredArtifacts(this.#ports.sql, new Date(this.#ports.outside.nowMs()));
  }
}
