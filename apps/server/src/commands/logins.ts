/**
 * `ausculta login reset NAME` and `ausculta token renew`: for whoever owns the data directory, when a
 * password is lost or the administrator's token has come into other hands. A server may be running.
 */
import { join } from 'node:path';
import type { OrganisationId } from '@ausculta/vitals/identity';
import { StartProblem } from '../database/start-problem.ts';
import { writeWholeFile } from '../database/whole-file.ts';
import { deleteGrantsOf } from '../oidc/app-store.ts';
import { secretsOf } from '../outside.ts';
import { CLI_LABEL, CLI_ROLES, readToken, TOKEN_FILE } from '../people/first-start.ts';
import { linkPath, makeLink } from '../people/sign-in-links.ts';
import * as store from '../people/store.ts';
import { appendAudit } from '../vault/audit.ts';
import { type CommandPorts, openGround } from './ground.ts';

/**
 * A link, shown once. The password opens nothing from now on, and whoever is signed in under that name is
 * not any more; the second factor goes when the link is followed.
 */
export async function resetLogin(
  ports: CommandPorts,
  { words: [loginName = ''] }: { words: readonly string[] },
): Promise<number> {
  const { asJson, config, outside, writeOut } = ports;
  await using ground = await openGround(ports);
  const secrets = { ...secretsOf(outside), nowMs: outside.nowMs };
  const { token, expiresMs } = await ground.pools.line.begin(async (tx) => {
    const account = await store.accountByLogin(tx, loginName);
    if (account === undefined) throw unknownLogin(loginName);
    const { organisation_id: organisationId, id } = account;
    await store.writePassword(tx, { organisationId, id, passwordHash: null, isShort: false });
    await store.deleteSessionsOf(tx, { organisationId, id });
    await deleteGrantsOf(tx, { organisationId, accountId: id });
    const target = `account/${id}` as const;
    const act = { act: 'password-reset', target, atMs: outside.nowMs() } as const;
    await appendAudit(tx, { organisationId, actor: undefined, ...act });
    const of = { organisationId, id, actor: undefined, resetsFactors: true };
    return await makeLink(tx, secrets, of);
  });
  const { http, publicUrl } = config;
  const scheme = http.tls === undefined ? 'http' : 'https';
  const url = `${publicUrl ?? `${scheme}://localhost:${http.port}`}${linkPath(token)}`;
  const expiresAt = new Date(expiresMs).toISOString();
  if (asJson) writeOut(JSON.stringify({ loginReset: { loginName, url, expiresAt } }));
  else {
    writeOut(`${loginName} chooses a new password at ${url}`);
    writeOut(
      `It works once, until ${expiresAt}. Every session under that name ends within 5 seconds.`,
    );
  }
  return 0;
}

/**
 * A new token in `admin-token`; the one that stood there opens nothing any more. With `all` no other
 * directory's opens anything either: such a server writes its own again at its next start.
 */
export async function renewToken(
  ports: CommandPorts,
  { isAll }: { readonly isAll: boolean },
): Promise<number> {
  const { asJson, outside, writeOut } = ports;
  await using ground = await openGround(ports);
  const { randomToken, sha256 } = secretsOf(outside);
  const path = join(ground.dataDirectory.path, TOKEN_FILE);
  const before = await readToken(path);
  const token = randomToken();
  const sql = ground.pools.line;
  const [organisation] = await store.readOrganisations(sql);
  if (organisation === undefined) throw noOrganisation();
  const organisationId: OrganisationId = organisation.id;
  // The file first: a token that opens nothing yet is put right by running this again.
  await writeWholeFile(path, `${token}\n`);
  await sql.begin(async (tx) => {
    const hash = sha256(token);
    const row = { organisation_id: organisationId, token_hash: hash };
    // Before the one goes whose program it goes on as.
    await store.insertApiToken(tx, { ...row, label: CLI_LABEL, roles: CLI_ROLES });
    if (isAll) await store.deleteApiTokens(tx, { organisationId, label: CLI_LABEL, except: hash });
    else if (before !== undefined) await store.deleteApiToken(tx, sha256(before));
    const target = `organisation/${organisationId}` as const;
    const act = { act: 'admin-token-renewed', target, atMs: outside.nowMs() } as const;
    await appendAudit(tx, { organisationId, actor: undefined, ...act });
  });
  if (asJson) writeOut(JSON.stringify({ tokenRenewed: { path } }));
  else writeOut(`A new token is in ${path}. The one before opens nothing after 5 seconds.`);
  return 0;
}

function unknownLogin(loginName: string): StartProblem {
  return new StartProblem('LOGIN_UNKNOWN', `There is no login "${loginName}" here.`);
}

function noOrganisation(): StartProblem {
  return new StartProblem(
    'DATA_DIRECTORY_UNUSABLE',
    'No server has ever been ready here: its first start makes the token.',
  );
}
