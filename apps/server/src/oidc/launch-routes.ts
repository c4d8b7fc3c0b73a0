/** Apps as people meet them: opening one for a patient from the workspace, and taking back what one was given. */
import {
  type AppGrantList,
  type AppList,
  type LaunchView,
  NewLaunch,
} from '@ausculta/contract/apps';
import { fail } from '@ausculta/vitals/fault';
import { type OrganisationId, parseSubjectId, type SubjectId } from '@ausculta/vitals/identity';
import type { FastifyInstance } from 'fastify';
import { asOrganisation, type Sql } from '../database/pool.ts';
import { malformed } from '../devices/routes.ts';
import { callerOf, ofEach, viewerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import type { SignIn } from '../people/sign-in.ts';
import { isWall } from '../people/wall.ts';
import { appendAudit } from '../vault/audit.ts';
import * as store from './app-store.ts';
import { personOf, WALL_LETS_NOBODY_IN } from './authorising.ts';
import { clientById, launchableApps } from './store.ts';

export interface AppRoutePorts {
  readonly people: Sql;
  readonly sql: Sql;
  readonly signIn: Pick<SignIn, 'forgetTokens'>;
  readonly sha256: (text: string) => Uint8Array;
  readonly randomToken: () => string;
  readonly nowMs: () => number;
  /** The address of FHIR, by which an app knows where it is. */
  readonly iss: () => string;
  /** Undefined where it is no stay of this person. */
  readonly stayOf: (
    organisationId: OrganisationId,
    stay: { readonly encounterId: string; readonly subjectId: SubjectId },
  ) => Promise<unknown>;
}

/** For a page to load, and for its person to read what is asked. */
const LAUNCH_LIFE_MS = 5 * 60_000;

/** It acts for them. */
const BY_PERSONS = 'an app is opened by a person who is signed in, in their own house';

const SIGNED_IN = { config: { access: 'signed-in' } } as const;
const OF_PATIENTS = { config: ofEach('read', 'identity') };

export function appRoutes(app: FastifyInstance, ports: AppRoutePorts): void {
  const { people, sql, nowMs } = ports;

  app.get('/api/apps', SIGNED_IN, async (request): Promise<AppList> => {
    const { organisationId } = callerOf(request);
    const rows = await asOrganisation(people, organisationId, (tx) =>
      launchableApps(tx, organisationId),
    );
    return { apps: rows.map(({ id, name }) => ({ id, name })) };
  });

  app.post('/api/launches', OF_PATIENTS, async (request, reply) => {
    const wanted = NewLaunch.safeParse(request.body);
    if (!wanted.success) return await sendFault(reply, malformed(wanted.error.issues));
    const person = personOf(callerOf(request));
    if (person === undefined)
      return await sendFault(reply, fail('NOT_PERMITTED', BY_PERSONS).fault);
    if (isWall(person.roles))
      return await sendFault(reply, fail('NOT_PERMITTED', WALL_LETS_NOBODY_IN).fault);
    const subjectId = parseSubjectId(wanted.data.subjectId);
    const { clientId, encounterId = null } = wanted.data;
    const client = await clientById(sql, clientId);
    const isOurs = client !== undefined && client.organisation_id === person.organisationId;
    if (subjectId === undefined || !viewerOf(request).sees(subjectId))
      return await sendFault(reply, fail('NOT_FOUND').fault);
    if (!isOurs || client.launch_url === null)
      return await sendFault(reply, fail('NOT_FOUND').fault);
    const { organisationId, accountId } = person;
    const stay = encounterId !== null && { encounterId, subjectId };
    // Somebody else's stay would put the app into the wrong record.
    if (stay && (await ports.stayOf(organisationId, stay)) === undefined)
      return await sendFault(reply, fail('NOT_FOUND').fault);
    const token = ports.randomToken();
    const atMs = nowMs();
    await asOrganisation(people, organisationId, async (tx) => {
      await store.insertLaunch(tx, {
        ...{ organisation_id: organisationId, id_hash: ports.sha256(token) },
        ...{ account_id: accountId, client_id: clientId },
        ...{ subject_id: subjectId, encounter_id: encounterId },
        expires_at: new Date(atMs + LAUNCH_LIFE_MS),
      });
      const act = { act: 'app-opened', target: `subject/${subjectId}`, atMs } as const;
      await appendAudit(tx, { organisationId, actor: accountId, ...act });
    });
    const url = new URL(client.launch_url);
    url.searchParams.set('iss', ports.iss());
    url.searchParams.set('launch', token);
    return await reply.code(201).send({ url: url.href } satisfies LaunchView);
  });

  myAppRoutes(app, ports);
}

function myAppRoutes(app: FastifyInstance, { people, signIn, nowMs }: AppRoutePorts): void {
  app.get('/api/me/apps', SIGNED_IN, async (request, reply) => {
    const person = personOf(callerOf(request));
    if (person === undefined) return await sendFault(reply, fail('NOT_PERMITTED').fault);
    const now = new Date(nowMs());
    const rows = await asOrganisation(people, person.organisationId, (tx) =>
      store.grantsOf(tx, { ...person, now }),
    );
    const apps = rows.map((row) => ({
      ...{ id: row.id, name: row.name, words: row.scope.split(' ') },
      subjectId: row.subject_id,
      endsWithSession: row.session_id !== null,
      grantedAt: row.granted_at.toISOString(),
      expiresAt: row.expires_at.toISOString(),
    }));
    return { apps } satisfies AppGrantList;
  });

  app.delete<{ Params: { id: string } }>('/api/me/apps/:id', SIGNED_IN, async (request, reply) => {
    const person = personOf(callerOf(request));
    const { id } = request.params;
    if (person === undefined || !/^[0-9a-f-]{36}$/.test(id))
      return await sendFault(reply, fail('NOT_FOUND').fault);
    const { organisationId, accountId } = person;
    const atMs = nowMs();
    const clientId = await asOrganisation(people, organisationId, async (tx) => {
      const withdrawn = await store.withdrawGrant(tx, { organisationId, accountId, id });
      if (withdrawn === undefined) return undefined;
      const act = { act: 'app-withdrawn', target: `client/${withdrawn}`, atMs } as const;
      await appendAudit(tx, { organisationId, actor: accountId, ...act });
      return withdrawn;
    });
    if (clientId === undefined) return await sendFault(reply, fail('NOT_FOUND').fault);
    signIn.forgetTokens();
    return await reply.code(204).send();
  });
}
