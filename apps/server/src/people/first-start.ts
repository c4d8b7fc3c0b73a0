/**
 * The first start: an organisation, an account to sign in with, and the administrator's token for
 * the command line, in a file that only its owner can read. There is no default password outside
 * the demo.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Role } from '@ausculta/policy/vocabulary';
import { expect } from '@ausculta/vitals/expect';
import {
  type OrganisationId,
  parseAccountId,
  parseOrganisationId,
} from '@ausculta/vitals/identity';
import type { Sql } from '../database/pool.ts';
import { errorCode, StartProblem } from '../database/start-problem.ts';
import { writeWholeFile } from '../database/whole-file.ts';
import * as store from './store.ts';

export const DEMO_LOGIN = { loginName: 'nurse', password: 'demo-ausculta' } as const;

export const TOKEN_FILE = 'admin-token';
export const CLI_LABEL = 'command line';
/** Whoever has this machine's data directory has its keys as well: a narrower role would be for show. */
export const CLI_ROLES: readonly Role[] = ['administrator', 'physician', 'nurse'];

const PASSWORD_LENGTH = 20;

export const newPassword = (randomToken: () => string): string =>
  randomToken().slice(0, PASSWORD_LENGTH);

export interface FirstStartPorts {
  readonly sql: Sql;
  readonly dataDir: string;
  readonly demo: boolean;
  readonly newId: () => string;
  readonly randomToken: () => string;
  readonly sha256: (text: string) => Uint8Array;
  readonly hashPassword: (password: string) => Promise<string>;
}

/** Only at the very first start: shown once, kept nowhere in clear. */
export interface NewLogin {
  readonly loginName: string;
  readonly password: string;
}

export interface FirstStart {
  readonly organisationId: OrganisationId;
  /**
   * Once nothing can stop the start any more: its password is told when all is ready, and a start that
   * failed on a port that is taken would have told it to nobody. Undefined where there is an account.
   */
  readonly prepareLogin: () => Promise<NewLogin | undefined>;
}

export async function prepareFirstStart(ports: FirstStartPorts): Promise<FirstStart> {
  const organisationId = await prepareOrganisation(ports);
  await prepareToken(ports, organisationId);
  return { organisationId, prepareLogin: () => prepareAccount(ports, organisationId) };
}

async function prepareOrganisation(ports: FirstStartPorts): Promise<OrganisationId> {
  const [first] = await store.readOrganisations(ports.sql);
  if (first !== undefined) return first.id;
  const id = parseOrganisationId(ports.newId());
  expect(id !== undefined, 'a new id is well formed');
  const name = ports.demo ? 'Demo hospital' : 'My organisation';
  await store.insertOrganisation(ports.sql, { id, name });
  return id;
}

async function prepareToken(ports: FirstStartPorts, organisationId: OrganisationId): Promise<void> {
  const path = join(ports.dataDir, TOKEN_FILE);
  const known = await readToken(path);
  const token = known ?? ports.randomToken();
  if (known === undefined) await writeWholeFile(path, `${token}\n`);
  await store.insertApiToken(ports.sql, {
    organisation_id: organisationId,
    token_hash: ports.sha256(token),
    label: CLI_LABEL,
    roles: CLI_ROLES,
  });
}

/** Undefined when there is none: an empty file, cut off by a crash, would let in whoever says nothing. */
export async function readToken(path: string): Promise<string | undefined> {
  try {
    const text = (await readFile(path, 'utf8')).trim();
    return text === '' ? undefined : text;
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return undefined;
    throw new StartProblem(
      'DATA_DIRECTORY_UNUSABLE',
      `${path} cannot be read (${errorCode(cause)}). Start as the user who owns it.`,
      cause,
    );
  }
}

async function prepareAccount(
  ports: FirstStartPorts,
  organisationId: OrganisationId,
): Promise<NewLogin | undefined> {
  if ((await store.countAccounts(ports.sql)) > 0) return undefined;
  const id = parseAccountId(ports.newId());
  expect(id !== undefined, 'a new id is well formed');
  const login = ports.demo
    ? DEMO_LOGIN
    : { loginName: 'admin', password: newPassword(ports.randomToken) };
  await store.insertAccount(ports.sql, {
    organisation_id: organisationId,
    id,
    login_name: login.loginName,
    password_hash: await ports.hashPassword(login.password),
    display_name: ports.demo ? 'Demo nurse' : 'Administrator',
    roles: ports.demo ? ['nurse', 'physician'] : ['administrator', 'physician', 'nurse'],
  });
  await store.insertShift(ports.sql, {
    organisationId,
    id: ports.newId(),
    accountId: id,
    fromMs: 0,
  });
  return login;
}
