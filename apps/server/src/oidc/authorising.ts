/** A person lets an app in, or does not: for how much, for whom, and until when. */
import type { AppDecision, AppRequest } from '@ausculta/contract/apps';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { type AccountId, parseSubjectId, type SubjectId } from '@ausculta/vitals/identity';
import type Provider from 'oidc-provider';
import { asOrganisation, type Sql } from '../database/pool.ts';
import { isFreshProof } from '../people/proof-age.ts';
import type { Caller, CallerSession } from '../people/sign-in.ts';
import { SESSION_LIFE_MS } from '../people/sign-in.ts';
import { isWall } from '../people/wall.ts';
import { appendAudit } from '../vault/audit.ts';
import { insertGrant, launchOf, useLaunch } from './app-store.ts';
import { asksForProof, isAskedAbout, needsPatient, OWN_WORDS, wordsAllowed } from './app-words.ts';
import { GRANT_LIFE_S } from './provider.ts';
import { type ClientRow, clientById } from './store.ts';

/** It stays signed in for months, and whoever walks by could let an app in. */
export const WALL_LETS_NOBODY_IN = 'a wall display lets no app in';

export interface AuthorisingPorts {
  readonly sql: Sql;
  readonly people: Sql;
  readonly sha256: (text: string) => Uint8Array;
  readonly newId: () => string;
  readonly nowMs: () => number;
}

/** As an app has asked, by whichever way. */
export interface Asked {
  readonly clientId: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly askedMs: number;
}

export interface Who {
  readonly caller: Caller;
  readonly sees: (subjectId: SubjectId) => boolean;
}

/** A person with a session: no program lets anybody in. */
export interface Person extends Caller {
  readonly accountId: AccountId;
  readonly session: CallerSession;
}

interface Read {
  readonly person: Person;
  readonly client: ClientRow;
  readonly words: readonly string[];
  readonly launch: Awaited<ReturnType<typeof launchOf>>;
}

export interface Granted {
  readonly grantId: string;
  readonly words: readonly string[];
  readonly provedS: number;
}

export class Authorising {
  readonly #ports: AuthorisingPorts;

  constructor(ports: AuthorisingPorts) {
    this.#ports = ports;
  }

  async look(asked: Asked, who: Who): Promise<Result<AppRequest>> {
    const read = await this.#read(asked, who);
    if (!read.ok) return read;
    const { client, words, launch } = read.value;
    return ok({
      app: client.name,
      words: [...words],
      patient:
        launch !== undefined
          ? { kind: 'given', subjectId: launch.subject_id }
          : { kind: needsPatient(words) ? 'choose' : 'none' },
    });
  }

  async grant(
    asked: Asked,
    who: Who,
    {
      decision,
      provider,
      audience,
    }: {
      readonly decision: AppDecision;
      readonly provider: Provider;
      readonly audience: string;
    },
  ): Promise<Result<Granted>> {
    const read = await this.#read(asked, who);
    if (!read.ok) return read;
    const { person, client, launch } = read.value;
    if (!isFreshEnough(asked, person.session, this.#ports.nowMs())) return fail('PROOF_NEEDED');
    const isWanted = (word: string) => !isAskedAbout(word) || decision.words.includes(word);
    const words = read.value.words.filter(isWanted);
    if (!decision.words.every((word) => words.includes(word)))
      return fail('PAYLOAD_MALFORMED', 'words: what the app may not have');
    if (asksForProof(words) && !isFreshProof(person.session.provedMs, this.#ports.nowMs()))
      return fail('PROOF_NEEDED');
    const subject = subjectOf(decision, { words, launch, who });
    if (!subject.ok) return subject;
    if (launch !== undefined && !(await useLaunch(this.#ports.sql, launch.id_hash)))
      return fail('LINK_SPENT');
    const { accountId } = person;
    const grant = new provider.Grant({ accountId, clientId: client.id });
    grant.addOIDCScope(words.filter((word) => OWN_WORDS.includes(word)));
    grant.addResourceScope(audience, [...words]);
    const grantId = await grant.save();
    await this.#note({ ...read.value, words, grantId, subjectId: subject.value });
    return ok({ grantId, words, provedS: Math.floor(person.session.provedMs / 1000) });
  }

  async #note({
    person,
    client,
    words,
    grantId,
    launch,
    subjectId,
  }: Read & {
    readonly grantId: string;
    readonly subjectId: SubjectId | undefined;
  }): Promise<void> {
    const { people, sha256, newId, nowMs } = this.#ports;
    const { organisationId, accountId, session } = person;
    const atMs = nowMs();
    const goesOn = words.includes('offline_access');
    const lifeMs = goesOn ? GRANT_LIFE_S * 1000 : SESSION_LIFE_MS;
    await asOrganisation(people, organisationId, async (tx) => {
      await insertGrant(tx, {
        ...{ organisation_id: organisationId, id: newId(), grant_hash: sha256(grantId) },
        ...{ account_id: accountId, client_id: client.id },
        session_id: goesOn ? null : session.id,
        subject_id: subjectId ?? null,
        encounter_id: launch?.encounter_id ?? null,
        is_embedded: launch !== undefined,
        scope: words.join(' '),
        ...{ granted_at: new Date(atMs), expires_at: new Date(atMs + lifeMs) },
      });
      const act = { act: 'app-let-in', target: `client/${client.id}`, atMs } as const;
      await appendAudit(tx, { organisationId, actor: accountId, ...act });
    });
  }

  async #read({ clientId, params }: Asked, { caller, sees }: Who): Promise<Result<Read>> {
    const { sql, sha256, nowMs } = this.#ports;
    const person = personOf(caller);
    const client = await clientById(sql, clientId);
    if (person === undefined || client?.kind !== 'app') return fail('NOT_PERMITTED');
    if (isWall(person.roles)) return fail('NOT_PERMITTED', WALL_LETS_NOBODY_IN);
    if (client.organisation_id !== person.organisationId) return fail('NOT_PERMITTED');
    const words = wordsAllowed(String(params['scope'] ?? ''), client.scope);
    if (words.length === 0) return fail('NOT_PERMITTED', 'nothing that the app may have');
    const { launch: token } = params;
    if (token === undefined) return ok({ person, client, words, launch: undefined });
    const { accountId } = person;
    const key = { idHash: sha256(String(token)), clientId, accountId, now: new Date(nowMs()) };
    const launch = await launchOf(sql, key);
    // Opened by somebody else, for another app, too long ago, or already.
    if (launch === undefined || !sees(launch.subject_id)) return fail('LINK_SPENT');
    return ok({ person, client, words, launch });
  }
}

export function personOf(caller: Caller): Person | undefined {
  const { accountId, session, organisationId, homeOrganisationId } = caller;
  if (accountId === undefined || session === undefined) return undefined;
  // An account acts at home: what another house has opened is not passed on to an app.
  return organisationId === homeOrganisationId ? { ...caller, accountId, session } : undefined;
}

/** An app may ask that its person has proved who they are just now, or not long ago. */
function isFreshEnough(
  { params, askedMs }: Asked,
  { provedMs }: CallerSession,
  nowMs: number,
): boolean {
  const prompts = String(params['prompt'] ?? '').split(' ');
  if (prompts.includes('login') && provedMs < askedMs) return false;
  const maxAge = params['max_age'];
  return maxAge === undefined || nowMs - provedMs <= Number(maxAge) * 1000;
}

function subjectOf(
  { subjectId: chosen }: AppDecision,
  { words, launch, who }: Pick<Read, 'words' | 'launch'> & { readonly who: Who },
): Result<SubjectId | undefined> {
  if (launch !== undefined) return ok(launch.subject_id);
  if (!needsPatient(words)) return ok(undefined);
  const subjectId = parseSubjectId(chosen ?? '');
  if (subjectId === undefined || !who.sees(subjectId))
    return fail('PAYLOAD_MALFORMED', 'subjectId: one whom you may see');
  return ok(subjectId);
}
