/**
 * Who asked for what goes on when they have gone: a subscription acts for whoever wrote it, with the rights
 * that they have at that moment. Kept by id, never by what they showed or are called: a token that is renewed is
 * the same program's, one of the same name that comes later is not, and an account that is disabled is nobody's.
 */
import type { AccountId, OrganisationId } from '@ausculta/vitals/identity';
import type { Asker } from '../access/gate.ts';
import type { Sql } from '../database/pool.ts';
import { clientById } from '../oidc/store.ts';
import type { Caller } from './sign-in.ts';
import * as store from './store.ts';

export interface Maker {
  readonly accountId?: AccountId;
  /** Of a program of others. */
  readonly clientId?: string;
  /** Of a program of the house. */
  readonly programId?: string;
  /** To what the token was narrowed. */
  readonly smart?: NonNullable<Asker['smart']>;
}

export function makerOf({ accountId, clientId, programId, smart }: Caller): Maker {
  return {
    ...(accountId !== undefined && { accountId }),
    ...(clientId !== undefined && { clientId }),
    ...(programId !== undefined && { programId }),
    ...(smart && { smart }),
  };
}

/** What was taken from somebody binds within this time. */
const REMEMBERED_MS = 1_000;

interface Known {
  readonly asker: Asker | undefined;
  readonly untilMs: number;
}

export class Makers {
  readonly #ports: { readonly sql: Sql; readonly nowMs: () => number };
  readonly #known = new Map<string, Known>();

  constructor(ports: { readonly sql: Sql; readonly nowMs: () => number }) {
    this.#ports = ports;
  }

  /** As whom they ask now; undefined: they are not here any more. */
  async askerOf(organisationId: OrganisationId, maker: Maker): Promise<Asker | undefined> {
    const nowMs = this.#ports.nowMs();
    const key = JSON.stringify([organisationId, maker]);
    const known = this.#known.get(key);
    if (known !== undefined && known.untilMs > nowMs) return known.asker;
    const asker = await this.#find(organisationId, maker);
    for (const [one, { untilMs }] of this.#known) if (untilMs <= nowMs) this.#known.delete(one);
    this.#known.set(key, { asker, untilMs: nowMs + REMEMBERED_MS });
    return asker;
  }

  async #find(
    organisationId: OrganisationId,
    { accountId, clientId, programId, smart }: Maker,
  ): Promise<Asker | undefined> {
    const { sql } = this.#ports;
    const client = clientId === undefined ? undefined : await clientById(sql, clientId);
    if (clientId !== undefined && client?.organisation_id !== organisationId) return undefined;
    const account = accountId && (await store.accountById(sql, { organisationId, id: accountId }));
    if (accountId !== undefined && account === undefined) return undefined;
    const token =
      programId === undefined
        ? undefined
        : await store.apiTokenOf(sql, { organisationId, programId });
    // Through whom a person asks narrows what they may do; by itself a program has its own roles.
    const found = account ?? client ?? token;
    if (found === undefined) return undefined;
    return {
      ...{ organisationId, homeOrganisationId: organisationId, accountId },
      displayName: account?.display_name ?? client?.name ?? token?.label ?? '',
      roles: found.roles,
      ...(smart && { smart }),
    };
  }
}
