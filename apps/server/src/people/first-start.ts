/**
 * The first start: an organisation, a link by which its administrator comes in, and the token for the
 * command line, in a file that only its owner can read. There is no default password outside the demo.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Role } from '@ausculta/policy/vocabulary';
import { expect } from '@ausculta/vitals/expect';
import {
  type AccountId,
  type OrganisationId,
  parseAccountId,
  parseOrganisationId,
} from '@ausculta/vitals/identity';
import type { Duty } from '../access/standing.ts';
import { everywhere, insertShift } from '../access/standing-store.ts';
import type { Sql } from '../database/pool.ts';
import { errorCode, StartProblem } from '../database/start-problem.ts';
import { writeWholeFile } from '../database/whole-file.ts';
import { linkPath, makeLink } from './sign-in-links.ts';
import * as store from './store.ts';

export const DEMO_LOGIN = { loginName: 'nurse', password: 'demo-ausculta' } as const;

export const TOKEN_FILE = 'admin-token';
export const CLI_LABEL = 'command line';
/** Whoever has this machine's data directory has its keys as well: a narrower role would be for show. */
export const CLI_ROLES: readonly Role[] = [
  'administrator',
  'auditor',
  'biomedical-engineer',
  'physician',
  'nurse',
];

export interface FirstStartPorts {
  readonly sql: Sql;
  readonly dataDir: string;
  readonly demo: boolean;
  readonly newId: () => string;
  readonly randomToken: () => string;
  readonly sha256: (text: string) => Uint8Array;
  readonly nowMs: () => number;
  readonly hashPassword: (password: string) => Promise<string>;
}

/** Until somebody has followed it each start makes a new one: shown once, kept nowhere in clear. */
export interface FirstLink {
  readonly loginName: string;
  readonly path: string;
}

export interface FirstStart {
  readonly organisationId: OrganisationId;
  /**
   * Once nothing can stop the start any more: the link is told when all is ready, and a start that
   * failed on a port that is taken would have told it to nobody. Undefined where somebody has come in.
   */
  readonly prepareLogin: (duty: Duty) => Promise<FirstLink | undefined>;
}

export async function prepareFirstStart(ports: FirstStartPorts): Promise<FirstStart> {
  const organisationId = await prepareOrganisation(ports);
  await prepareToken(ports, organisationId);
  return {
    organisationId,
    prepareLogin: (duty) => prepareAccount(ports, organisationId, duty),
  };
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

const ADMINISTRATOR = { login_name: 'admin', display_name: 'Administrator', roles: CLI_ROLES };

async function prepareAccount(
  ports: FirstStartPorts,
  organisationId: OrganisationId,
  duty: Duty,
): Promise<FirstLink | undefined> {
  const { sql, demo } = ports;
  if (await store.hasAnybodyComeIn(sql)) return undefined;
  const known = await store.accountByLogin(sql, ADMINISTRATOR.login_name);
  if (demo) {
    const password_hash = await ports.hashPassword(DEMO_LOGIN.password);
    const nurse = { login_name: DEMO_LOGIN.loginName, display_name: 'Demo nurse', password_hash };
    await addAccount({ ...ports, duty }, organisationId, {
      ...nurse,
      roles: ['nurse', 'physician'],
    });
    return undefined;
  }
  const blank = { ...ADMINISTRATOR, password_hash: null };
  const id = known?.id ?? (await addAccount({ ...ports, duty }, organisationId, blank));
  const of = { organisationId, id, actor: undefined, resetsFactors: true };
  const { token } = await sql.begin((tx) => makeLink(tx, ports, of));
  return { loginName: ADMINISTRATOR.login_name, path: linkPath(token) };
}

async function addAccount(
  { sql, newId, duty }: FirstStartPorts & { readonly duty: Duty },
  organisationId: OrganisationId,
  account: Omit<store.AccountRow, 'organisation_id' | 'id'>,
): Promise<AccountId> {
  const id = parseAccountId(newId());
  expect(id !== undefined, 'a new id is well formed');
  await store.insertAccount(sql, { organisation_id: organisationId, id, ...account });
  const shift = everywhere({ organisation_id: organisationId, id: newId(), account_id: id }, 0);
  await insertShift(sql, shift);
  duty.setShift(shift);
  duty.setRoles(id, account.roles);
  return id;
}
