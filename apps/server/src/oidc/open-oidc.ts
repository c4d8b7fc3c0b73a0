/** OAuth 2.0 for programs and apps of others: the clients, and the server that gives them tokens. */
import type { AccountId, SubjectId } from '@ausculta/vitals/identity';
import type Provider from 'oidc-provider';
import type { AccountClaims } from 'oidc-provider';
import type { Sql } from '../database/pool.ts';
import { isStaff } from '../fhir/practitioners.ts';
import { type Outside, secretsOf } from '../outside.ts';
import { FHIR_BASE } from '../people/problem.ts';
import { readOrganisations } from '../people/store.ts';
import type { Seal } from '../vault/seal.ts';
import type { KeptBy } from './adapter.ts';
import { deleteExpired, liveGrant } from './app-store.ts';
import { createProvider } from './provider.ts';
import { signingKeys } from './signing-keys.ts';
import {
  accountNamed,
  clientById,
  deleteExpiredArtifacts,
  keylessClientOf,
  redirectUris,
} from './store.ts';

/** Below the address of the server. */
export const OIDC_BASE = '/oidc';

const NAMES_CLIENT = ['client_id', 'client_assertion', 'client_assertion_type'];

/** New origins are known at once here, and on another server within a minute. */
const ORIGINS_KEPT_MS = 60_000;

export interface OidcPorts {
  readonly sql: Sql;
  readonly organisationSeal: (organisationId: string) => Seal;
  readonly onGone: () => void;
  /** Whose own record the account is; undefined for whoever works here. */
  readonly subjectOf: (accountId: AccountId) => SubjectId | undefined;
  readonly outside: Pick<Outside, 'nowMs' | 'newId' | 'randomBytes'>;
}

export interface Opened {
  readonly provider: Provider;
  readonly audience: string;
}

export class Oidc {
  readonly #ports: OidcPorts;
  #opened: Promise<Opened> | undefined;
  #origins: { readonly known: Promise<ReadonlySet<string>>; readonly untilMs: number } | undefined;

  constructor(ports: OidcPorts) {
    this.#ports = ports;
  }

  /** Made when it is first asked: its own address is known once the port is open. */
  provider(base: string): Promise<Opened> {
    this.#opened ??= this.#open(base).catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  async #open(base: string): Promise<Opened> {
    const { sql, organisationSeal, outside, onGone } = this.#ports;
    const { sha256, randomToken } = secretsOf(outside);
    const [first] = await readOrganisations(sql);
    if (first === undefined) throw new Error('broken invariant: a server has an organisation');
    const seal = organisationSeal(first.id);
    const { nowMs } = outside;
    const kept: KeptBy = { sql, organisationId: first.id, seal, sha256, nowMs, onGone };
    const audience = `${base}${FHIR_BASE}`;
    const grantOf = (grantId: string) => liveGrant(sql, sha256(grantId), new Date(nowMs()));
    const provider = createProvider({
      ...kept,
      issuer: `${base}${OIDC_BASE}`,
      audience,
      keys: await signingKeys(kept, outside.newId),
      cookieSecret: randomToken(),
      clientOf: (clientId) => clientById(sql, clientId),
      claimsOf: async (accountId, grantId) => {
        if (grantId !== undefined && (await grantOf(grantId)) === undefined) return undefined;
        return await this.#claimsOf(accountId as AccountId, audience);
      },
      contextOf: async (grantId) => {
        const grant = await grantOf(grantId);
        if (grant?.subject_id == null) return {};
        const { subject_id: patient, encounter_id: encounter, is_embedded: isEmbedded } = grant;
        return {
          patient,
          ...(encounter !== null && { encounter }),
          // Opened from the workspace, the app still stands on a page of its own.
          need_patient_banner: !isEmbedded,
        };
      },
    });
    return { provider, audience };
  }

  async #claimsOf(accountId: AccountId, audience: string): Promise<AccountClaims | undefined> {
    const account = await accountNamed(this.#ports.sql, accountId);
    if (account === undefined) return undefined;
    const own = this.#ports.subjectOf(accountId);
    const works = isStaff(account.roles) ? `Practitioner/${accountId}` : undefined;
    const fhirUser = own === undefined ? works : `Patient/${own}`;
    const known = { sub: accountId, name: account.display_name };
    return fhirUser === undefined ? known : { ...known, fhirUser: `${audience}/${fhirUser}` };
  }

  /** Whether an app that is in use is at home there: its pages may ask, with the token that they have. */
  readonly isOriginOfApp = async (origin: string): Promise<boolean> => {
    const nowMs = this.#ports.outside.nowMs();
    if (this.#origins === undefined || this.#origins.untilMs <= nowMs) {
      const known = originsOf(this.#ports.sql);
      this.#origins = { known, untilMs: nowMs + ORIGINS_KEPT_MS };
      known.catch(() => this.forgetOrigins());
    }
    return (await this.#origins.known).has(origin);
  };

  forgetOrigins(): void {
    this.#origins = undefined;
  }

  /**
   * An app without keys need not say who it is when it refreshes (SMART App Launch), and the provider wants to be
   * told: its token says so. Undefined where there is no form.
   */
  async withClient(
    body: unknown,
    { authorization }: { readonly authorization?: string | undefined },
  ): Promise<string | undefined> {
    if (typeof body !== 'string') return undefined;
    const form = new URLSearchParams(body);
    const token = form.get('refresh_token');
    const saysWho = authorization !== undefined || NAMES_CLIENT.some((name) => form.has(name));
    if (form.get('grant_type') !== 'refresh_token' || token === null || saysWho) return body;
    const { sql, outside } = this.#ports;
    const clientId = await keylessClientOf(sql, secretsOf(outside).sha256(token));
    if (clientId !== undefined) form.append('client_id', clientId);
    return form.toString();
  }

  async forgetExpired(): Promise<void> {
    const now = new Date(this.#ports.outside.nowMs());
    await deleteExpiredArtifacts(this.#ports.sql, now);
    await deleteExpired(this.#ports.sql, now);
  }
}

async function originsOf(sql: Sql): Promise<ReadonlySet<string>> {
  const uris = await redirectUris(sql);
  const web = uris.filter((uri) => /^https?:/.test(uri) && URL.canParse(uri));
  return new Set(web.map((uri) => new URL(uri).origin));
}
