import type { Connection } from './connection.ts';
import { describeConnection } from './connection.ts';
import { openConnection } from './pool.ts';
import { DURABILITY } from './postgres-settings.ts';
import { errorCode, StartProblem, type StartProblemCode } from './start-problem.ts';
import { readServerFacts, type ServerFacts } from './store.ts';

const MAJOR_VERSIONS = { oldest: 15, newest: 18 } as const;

/** Refuses a database that would break a promise: reachable, durable, of our version, walls up. */
export async function expectFitDatabase(connection: Connection): Promise<ServerFacts> {
  const sql = openConnection(connection);
  try {
    const facts = await readServerFacts(sql).catch((cause: unknown) => {
      throw unreachable(connection, cause);
    });
    expectFitFacts(facts, connection);
    return facts;
  } finally {
    await sql.end();
  }
}

export function expectFitFacts(facts: ServerFacts, connection: Connection): void {
  expectVersion(facts);
  expectDurable(facts, connection);
  expectOrdinaryRole(facts);
  expectOwnDatabase(facts, connection);
}

function expectVersion(facts: ServerFacts): void {
  const { oldest, newest } = MAJOR_VERSIONS;
  if (facts.major >= oldest && facts.major <= newest) return;
  throw new StartProblem(
    'DATABASE_VERSION',
    `DATABASE_URL leads to PostgreSQL ${facts.major}; Ausculta works with ${oldest} to ${newest}. ` +
      `Set DATABASE_URL to one of those, or leave it unset for the embedded one.`,
  );
}

/** An acknowledged reading must survive a power cut: `local` and the replicated modes flush, `off` does not. */
function expectDurable(facts: ServerFacts, connection: Connection): void {
  for (const name of DURABILITY) {
    const setting = facts.settings.find((candidate) => candidate.name === name);
    if (setting === undefined || setting.value === 'off') {
      throw new StartProblem(
        'DATABASE_NOT_DURABLE',
        `PostgreSQL runs with ${name} = off, so a power cut could lose acknowledged readings. ` +
          mendOfSetting(name, setting?.source ?? '', connection),
      );
    }
  }
}

function mendOfSetting(name: string, source: string, connection: Connection): string {
  const role = quoted(connection.user);
  const database = quoted(connection.database);
  switch (source) {
    case 'user':
      return `Run: ALTER ROLE ${role} RESET ${name};`;
    case 'database':
      return `Run: ALTER DATABASE ${database} RESET ${name};`;
    case 'database user':
      return `Run: ALTER ROLE ${role} IN DATABASE ${database} RESET ${name};`;
    case 'command line':
      return `Take "-c ${name}=off" from the server's command line and restart it.`;
    default:
      return `Run as its superuser: ALTER SYSTEM SET ${name} = on; SELECT pg_reload_conf();`;
  }
}

function expectOrdinaryRole(facts: ServerFacts): void {
  if (!facts.isSuperuser && !facts.bypassesRls) return;
  const why = facts.isSuperuser ? 'is a superuser' : 'has BYPASSRLS';
  throw new StartProblem(
    'DATABASE_ROLE_TOO_STRONG',
    `The database user ${quoted(facts.role)} ${why}, so the walls between organisations would not hold. ` +
      "Make one for Ausculta and use it in DATABASE_URL: CREATE ROLE ausculta LOGIN PASSWORD '…'; " +
      'CREATE DATABASE ausculta OWNER ausculta;',
  );
}

function expectOwnDatabase(facts: ServerFacts, connection: Connection): void {
  if (facts.isStandby) {
    throw new StartProblem(
      'DATABASE_UNSUITABLE',
      'DATABASE_URL leads to a standby that cannot be written. Set it to the primary.',
    );
  }
  if (facts.encoding !== 'UTF8') {
    throw new StartProblem(
      'DATABASE_UNSUITABLE',
      `The database ${quoted(connection.database)} has the encoding ${facts.encoding}. ` +
        "Make another one: CREATE DATABASE ausculta OWNER ausculta ENCODING 'UTF8' TEMPLATE template0;",
    );
  }
  if (!facts.mayCreate) {
    const [role, database] = [quoted(facts.role), quoted(connection.database)];
    throw new StartProblem(
      'DATABASE_UNSUITABLE',
      `The database user ${role} may not make tables in ${database}. Run: ALTER DATABASE ${database} OWNER TO ${role};`,
    );
  }
}

interface Refusal {
  readonly code: StartProblemCode;
  readonly text: (place: string, connection: Connection) => string;
}

/** What a newcomer's DATABASE_URL can run into, by the code that the driver gives it. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  ENOTFOUND: unresolved(),
  EAI_AGAIN: unresolved(),
  ECONNREFUSED: {
    code: 'DATABASE_UNREACHABLE',
    text: (place) =>
      `Nothing listens at ${place}. Start that PostgreSQL, or correct the host and port in DATABASE_URL.`,
  },
  ENOENT: {
    code: 'DATABASE_UNREACHABLE',
    text: (place) =>
      `There is no PostgreSQL socket in ${place}. Start that PostgreSQL, or correct DATABASE_URL.`,
  },
  '28P01': {
    code: 'DATABASE_REFUSED_LOGIN',
    text: (place, { user }) =>
      `PostgreSQL at ${place} refused the password of ${quoted(user)}, or has no such user. Correct both in DATABASE_URL.`,
  },
  '28000': {
    code: 'DATABASE_REFUSED_LOGIN',
    text: (place, { user }) =>
      `PostgreSQL at ${place} does not let ${quoted(user)} in from here. Correct the user in DATABASE_URL, or the server's pg_hba.conf.`,
  },
  '3D000': {
    code: 'DATABASE_MISSING',
    text: (place, { database, user }) =>
      `PostgreSQL at ${place} has no database ${quoted(database)}. Run there: CREATE DATABASE ${quoted(database)} OWNER ${quoted(user)};`,
  },
  '53300': {
    code: 'DATABASE_UNREACHABLE',
    text: (place) =>
      `PostgreSQL at ${place} has no connection left. Raise its max_connections (Ausculta uses up to 40), or end other clients.`,
  },
  '57P03': {
    code: 'DATABASE_UNREACHABLE',
    text: (place) =>
      `PostgreSQL at ${place} is starting or stopping. Start Ausculta again once it is ready.`,
  },
};

function unresolved(): Refusal {
  return {
    code: 'DATABASE_UNREACHABLE',
    text: (_place, { host }) =>
      `The host ${host} of DATABASE_URL cannot be found. Correct it, or check the name service.`,
  };
}

function unreachable(connection: Connection, cause: unknown): StartProblem {
  const place = describeConnection(connection);
  const code = errorCode(cause);
  const refusal = REFUSALS[code];
  if (refusal !== undefined) {
    return new StartProblem(refusal.code, refusal.text(place, connection), cause);
  }
  return new StartProblem(
    'DATABASE_UNREACHABLE',
    `PostgreSQL at ${place} does not answer (${code || 'unknown reason'}). ` +
      'Check that it runs, that a firewall lets it through, and the host, port and sslmode in DATABASE_URL.',
    cause,
  );
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
