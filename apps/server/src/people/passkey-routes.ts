/** Passkeys over HTTP: to add, list and take away one's own, and to sign in or unlock with one. */
import {
  type CeremonyBegun,
  NewPasskey,
  type PasskeyList,
  PasskeyShown,
} from '@ausculta/contract/me';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Sql } from '../database/pool.ts';
import { callerOf, credentialOf } from './access.ts';
import * as factors from './factor-store.ts';
import { auditMine, lastFactor, mineOf, noPerson } from './me-routes.ts';
import type { Passkeys, Site } from './passkeys.ts';
import { sendFault } from './problem.ts';
import { needsFreshProof } from './proof-age.ts';
import { browserOf, PUBLIC, SIGNED_IN, setCookie } from './routes.ts';
import type { SignIn } from './sign-in.ts';
import * as store from './store.ts';

/** As many as a person has devices. */
const PASSKEYS_MAX = 20;

export interface PasskeyRoutePorts {
  readonly sql: Sql;
  readonly signIn: SignIn;
  readonly passkeys: Passkeys;
  readonly publicUrl: string | undefined;
  readonly nowMs: () => number;
}

export function passkeyRoutes(app: FastifyInstance, ports: PasskeyRoutePorts): void {
  myPasskeyRoutes(app, ports);
  passkeySignInRoutes(app, ports);
}

function myPasskeyRoutes(app: FastifyInstance, ports: PasskeyRoutePorts): void {
  const { sql, passkeys, nowMs, publicUrl } = ports;
  const fresh = { ...SIGNED_IN, preHandler: needsFreshProof(nowMs) };

  app.get('/api/me/passkeys', SIGNED_IN, async (request, reply) => {
    const mine = mineOf(request);
    if (mine === undefined) return await noPerson(reply);
    const rows = await factors.passkeysOf(sql, mine);
    const list: PasskeyList = {
      passkeys: rows.map((row) => ({
        id: row.credential_id,
        label: row.label,
        addedAt: row.created_at.toISOString(),
        usedAt: row.used_at?.toISOString() ?? null,
      })),
    };
    return list;
  });

  app.post('/api/me/passkeys/begin', fresh, async (request, reply) => {
    const mine = mineOf(request);
    const account = mine && (await store.accountById(sql, mine));
    if (mine === undefined || account === undefined) return await noPerson(reply);
    const who = { ...mine, loginName: account.login_name, displayName: account.display_name };
    return begun(await passkeys.beginAdding(who, siteOf(request, publicUrl)));
  });

  app.post('/api/me/passkeys', fresh, async (request, reply) => {
    const body = NewPasskey.safeParse(request.body);
    const mine = mineOf(request);
    if (mine === undefined) return await noPerson(reply);
    const row = body.success
      ? await passkeys.readNew(mine, siteOf(request, publicUrl), body.data)
      : undefined;
    if (row === undefined) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
    const isAdded = await sql.begin(async (tx) => {
      const held = await factors.holdFactors(tx, mine);
      if (held === undefined || held.passkeys >= PASSKEYS_MAX) return false;
      if (!(await factors.insertPasskey(tx, row))) return false;
      await auditMine(tx, mine, 'passkey-added', nowMs());
      return true;
    });
    if (!isAdded) return await sendFault(reply, fail('NOT_PERMITTED').fault);
    return await reply.code(204).send();
  });

  app.delete<{ Params: { id: string } }>('/api/me/passkeys/:id', fresh, async (request, reply) => {
    const mine = mineOf(request);
    if (mine === undefined) return await noPerson(reply);
    const done = await sql.begin(async (tx) => {
      const held = await factors.holdFactors(tx, mine);
      const isLast = held?.passkeys === 1 && !held.has_second_factor;
      if (isLast && held.password_is_short) return 'kept';
      const credentialId = request.params.id;
      if (!(await factors.deletePasskey(tx, { ...mine, credentialId }))) return 'unknown';
      await auditMine(tx, mine, 'passkey-removed', nowMs());
      return 'gone';
    });
    if (done === 'kept') return await sendFault(reply, lastFactor());
    if (done === 'unknown') return await sendFault(reply, fail('NOT_FOUND').fault);
    return await reply.code(204).send();
  });
}

function passkeySignInRoutes(app: FastifyInstance, ports: PasskeyRoutePorts): void {
  const { sql, signIn, passkeys, publicUrl, nowMs } = ports;

  app.post('/api/session/passkey/begin', PUBLIC, async (request) =>
    begun(await passkeys.ask(siteOf(request, publicUrl))),
  );

  app.post('/api/session/passkey', PUBLIC, async (request, reply) => {
    const body = PasskeyShown.safeParse(request.body);
    if (!body.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
    const owner = await passkeys.answered(siteOf(request, publicUrl), body.data.response);
    if (owner === undefined) return await sendFault(reply, fail('CREDENTIALS_REFUSED').fault);
    const how = { method: 'passkey', browser: browserOf(request) } as const;
    const token = await sql.begin((tx) => signIn.begin(tx, owner, how));
    return await setCookie(request, reply, token);
  });

  app.post('/api/session/proof/passkey', SIGNED_IN, async (request, reply) => {
    const body = PasskeyShown.safeParse(request.body);
    if (!body.success) return await sendFault(reply, fail('PAYLOAD_MALFORMED').fault);
    const owner = await passkeys.answered(siteOf(request, publicUrl), body.data.response);
    // A colleague's passkey opens their own session, not this one.
    if (owner === undefined || owner.id !== callerOf(request).accountId)
      return await sendFault(reply, fail('CREDENTIALS_REFUSED').fault);
    const credential = credentialOf(request);
    await store.proveSession(sql, credential.tokenHash, new Date(nowMs()));
    signIn.forget(credential);
    return await reply.code(204).send();
  });
}

/** By its own JSON: what crosses here is text, numbers and lists of them. */
function begun(options: object): CeremonyBegun {
  return { options: { ...options } };
}

/** The browser signs what stands in its address bar; a name that we were told wrongly opens nothing. */
function siteOf(request: FastifyRequest, publicUrl: string | undefined): Site {
  const url = new URL(publicUrl ?? `${request.protocol}://${request.host}`);
  return { origin: url.origin, name: url.hostname };
}
