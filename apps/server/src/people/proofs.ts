/** Whether somebody is who they say: name, password and, where the account has one, a second factor. */
import type { Sql } from '../database/pool.ts';
import { secondFactorOf } from './factor-store.ts';
import type { From, PasswordWork } from './password-work.ts';
import { type SecondFactorPorts, useUpCode } from './second-factor.ts';
import { CODE_TRIES, SignInTries } from './sign-in-tries.ts';
import * as store from './store.ts';

export type Proof =
  | {
      readonly kind: 'proved';
      readonly account: store.AccountRow;
      readonly method: store.SignInMethod;
    }
  | { readonly kind: 'refused' }
  /** The password is right; a code of the second factor is missing, or is none. */
  | { readonly kind: 'code-needed' }
  | { readonly kind: 'wait'; readonly waitMs: number };

export interface ProofPorts extends SecondFactorPorts {
  readonly sql: Sql;
  readonly work: PasswordWork;
}

export interface Shown {
  readonly password: string;
  readonly code: string | undefined;
  readonly from: From;
}

/** When too many passwords wait to be verified. */
export const BUSY_MS = 2_000;

export class Proofs {
  readonly #ports: ProofPorts;
  /** Whoever guesses codes knows the password already: nobody else can use these up. */
  readonly #codeTries = new SignInTries(CODE_TRIES);

  constructor(ports: ProofPorts) {
    this.#ports = ports;
  }

  async ofLogin(loginName: string, shown: Shown): Promise<Proof> {
    return await this.#prove(await store.accountByLogin(this.#ports.sql, loginName), shown);
  }

  async ofAccount(
    owner: Parameters<typeof store.accountById>[1],
    shown: Omit<Shown, 'from'>,
  ): Promise<Proof> {
    const account = await store.accountById(this.#ports.sql, owner);
    return await this.#prove(account, { ...shown, from: 'known-station' });
  }

  async #prove(
    account: store.AccountRow | undefined,
    { password, code, from }: Shown,
  ): Promise<Proof> {
    const isRight = await this.#ports.work.verify(account?.password_hash, password, from);
    if (account === undefined || !isRight) return { kind: 'refused' };
    return await this.#askForCode(account, code);
  }

  async #askForCode(account: store.AccountRow, code: string | undefined): Promise<Proof> {
    const method = await this.codeOf(account, code);
    return typeof method === 'string' ? { kind: 'proved', account, method } : method;
  }

  /** Of an account that has proved itself otherwise: the code is used up. `password`: it needs none. */
  async codeOf(
    account: Pick<store.AccountRow, 'organisation_id' | 'id'>,
    code: string | undefined,
  ): Promise<'password' | 'code' | 'recovery-code' | Exclude<Proof, { kind: 'proved' }>> {
    const owner = { organisationId: account.organisation_id, id: account.id };
    if ((await secondFactorOf(this.#ports.sql, owner)) === undefined) return 'password';
    if (code === undefined) return { kind: 'code-needed' };
    const waitMs = this.#codeTries.take(account.id, '', this.#ports.nowMs());
    if (waitMs > 0) return { kind: 'wait', waitMs };
    const method = await useUpCode(this.#ports.sql, this.#ports, { ...owner, code });
    if (method === undefined) return { kind: 'code-needed' };
    this.#codeTries.succeeded(account.id, '');
    return method;
  }
}
