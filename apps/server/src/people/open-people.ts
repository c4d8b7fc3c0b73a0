/** People: who is signed in, what they prove it with, and the accounts. */
import { hash as argonHash, verify as argonVerify } from '@node-rs/argon2';
import type { Sql } from '../database/pool.ts';
import { type Outside, secretsOf } from '../outside.ts';
import type { Seal } from '../vault/seal.ts';
import { type AccountPorts, Accounts } from './accounts.ts';
import { Passkeys } from './passkeys.ts';
import { PasswordWork } from './password-work.ts';
import { Proofs } from './proofs.ts';
import { SignIn } from './sign-in.ts';

export interface PeoplePorts {
  readonly sql: Sql;
  readonly people: Sql;
  readonly organisationSeal: (organisationId: string) => Seal;
  readonly outside: Pick<Outside, 'nowMs' | 'newId' | 'randomBytes' | 'after'>;
  readonly duty: AccountPorts['duty'];
}

export interface People {
  readonly signIn: SignIn;
  readonly work: PasswordWork;
  readonly proofs: Proofs;
  readonly accounts: Accounts;
  readonly passkeys: Passkeys;
}

export function openPeople({ sql, people, organisationSeal, outside, duty }: PeoplePorts): People {
  const secrets = secretsOf(outside);
  const given = { sql, people, organisationSeal, ...outside, ...secrets };
  const work = new PasswordWork({ ...given, hash: argonHash, verify: argonVerify });
  const signIn = new SignIn(given);
  const proofs = new Proofs({ ...given, work });
  const accounts = new Accounts({ ...given, signIn, duty });
  return { signIn, work, proofs, accounts, passkeys: new Passkeys(given) };
}
