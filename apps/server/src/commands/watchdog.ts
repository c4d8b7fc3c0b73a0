/**
 * `ausculta watchdog enrol`: the house of the canary, and a token for a watchdog on another host. A server may be
 * running. Whoever enrols again has lost the token: the one before opens nothing any more.
 */
import { secretsOf } from '../outside.ts';
import * as store from '../people/store.ts';
import { appendAudit } from '../vault/audit.ts';
import { makeHouse, WATCHDOG_ORGANISATION } from '../watchdog/store.ts';
import { type CommandPorts, openGround } from './ground.ts';

const LABEL = 'watchdog';
/** It adds and erases its canary, gives it a device, and hears its alarms: in a house where nobody else is. */
const ROLES = ['administrator', 'biomedical-engineer', 'nurse'] as const;

export async function enrolWatchdog(ports: CommandPorts): Promise<number> {
  const { asJson, outside, writeOut } = ports;
  await using ground = await openGround(ports);
  const { randomToken, sha256 } = secretsOf(outside);
  const token = randomToken();
  const organisationId = WATCHDOG_ORGANISATION;
  await ground.pools.line.begin(async (tx) => {
    await makeHouse(tx);
    const hash = sha256(token);
    const row = { organisation_id: organisationId, token_hash: hash };
    await store.insertApiToken(tx, { ...row, label: LABEL, roles: ROLES });
    await store.deleteApiTokens(tx, { organisationId, label: LABEL, except: hash });
    const target = `organisation/${organisationId}` as const;
    const act = { act: 'watchdog-enrolled', target, atMs: outside.nowMs() } as const;
    await appendAudit(tx, { organisationId, actor: undefined, ...act });
  });
  if (asJson) writeOut(JSON.stringify({ watchdogEnrolled: { token } }));
  else {
    writeOut(token);
    writeOut('Give it to the watchdog on another host, in a file: AUSCULTA_WATCHDOG_TOKEN_FILE.');
  }
  return 0;
}
