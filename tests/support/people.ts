/** People who are signed in: accounts and sessions as rows, whoever they are. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Role } from '@ausculta/policy/vocabulary';
import type { ServerHere, ServerUnderTest, TestDevice } from './server.ts';

export interface Person {
  readonly accountId: string;
  readonly organisationId: string;
  /** What their browser sends. */
  readonly headers: Record<string, string>;
}

export async function ownOrganisation({ database }: ServerHere): Promise<string> {
  const [own] = await database.line<{ id: string }[]>`
    SELECT id FROM organisation ORDER BY created_at LIMIT 1`;
  if (own === undefined) throw new Error('the server has made an organisation');
  return own.id;
}

export async function otherOrganisation({ database }: ServerHere, name: string): Promise<string> {
  const id = randomUUID();
  await database.line`INSERT INTO organisation (id, name) VALUES (${id}, ${name})`;
  return id;
}

export async function signedIn(
  here: ServerHere,
  roles: readonly Role[],
  organisation?: string,
): Promise<Person> {
  const sql = here.database.line;
  const organisationId = organisation ?? (await ownOrganisation(here));
  const accountId = randomUUID();
  const token = randomBytes(24).toString('base64url');
  const token_hash = createHash('sha256').update(token).digest();
  await sql`
    INSERT INTO account (organisation_id, id, login_name, password_hash, display_name, roles)
    VALUES (${organisationId}, ${accountId}, ${accountId}, 'none', 'Somebody', ${[...roles]})`;
  const session = { organisation_id: organisationId, account_id: accountId, token_hash };
  await sql`INSERT INTO session ${sql({ ...session, expires_at: new Date(Date.now() + 3_600_000) })}`;
  const { origin } = new URL(here.server.url);
  return { accountId, organisationId, headers: { cookie: `ausculta_session=${token}`, origin } };
}

interface Bundle {
  readonly entry?: readonly {
    readonly resource: { readonly resourceType: string; readonly id: string };
  }[];
}

/** What people ask of a server, each in their own name. */
export class Asking {
  readonly #server: ServerUnderTest;

  constructor(server: ServerUnderTest) {
    this.#server = server;
  }

  as(person: Person, path: string, options: RequestInit = {}): Promise<Response> {
    const headers = { authorization: '', ...person.headers, ...options.headers };
    return this.#server.fetch(path, { ...options, headers });
  }

  async json<T>(person: Person, path: string, options: RequestInit = {}): Promise<T> {
    const response = await this.as(person, path, options);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** The ids of what a search by FHIR tells. */
  async found(person: Person, path: string, headers = {}): Promise<string[]> {
    const { entry = [] } = await this.json<Bundle>(person, `/fhir/R4/${path}`, { headers });
    const resources = entry.map(({ resource }) => resource);
    const told = resources.filter(({ resourceType }) => resourceType !== 'OperationOutcome');
    return told.map(({ id }) => id);
  }

  /** By whoever may write everything. */
  async write(type: string, rest: object): Promise<string> {
    const resource = { resourceType: type, ...rest };
    return (await this.#server.post<{ id: string }>(`/fhir/R4/${type}`, resource)).id;
  }

  relate(
    person: Person,
    { subjectId }: Pick<TestDevice, 'subjectId'>,
    kind: string,
  ): Promise<unknown> {
    const { accountId } = person;
    return this.#server.post(`/api/subjects/${subjectId}/team`, { accountId, kind });
  }
}

/** A diagnosis of whoever wears the device. */
export const problemOf = ({ subjectId }: TestDevice, text: string, encounter?: string) => ({
  subject: { reference: `Patient/${subjectId}` },
  code: { text },
  ...(encounter !== undefined && { encounter: { reference: `Encounter/${encounter}` } }),
});
