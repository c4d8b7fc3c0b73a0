/** Where a database is and who we are there. Never printed: it holds the password. */
export interface Connection {
  /** A host name, or the directory of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly ssl: SslMode;
}

/** As libpq's sslmode. 'prefer' encrypts where the server can, without checking who it is. */
export const SSL_MODES = ['disable', 'prefer', 'require', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/**
 * Reads a DATABASE_URL: `postgres://user:password@host:5432/database?sslmode=require`, or with a
 * socket's directory as `@localhost/database?host=/var/run/postgresql`. A string says what is wrong with it.
 */
export function parseDatabaseUrl(text: string): Connection | string {
  if (!URL.canParse(text)) return 'is not an address';
  const url = new URL(text);
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:')
    return 'does not begin with postgres://';

  const unknown = [...url.searchParams.keys()].find(
    (name) => name !== 'sslmode' && name !== 'host',
  );
  if (unknown !== undefined)
    return `has the parameter ${unknown}, but only sslmode and host are known`;

  const decoded = decodeParts(url);
  if (decoded === undefined) return 'is not an address';
  const { user, password, database } = decoded;
  const host = url.searchParams.get('host') ?? decoded.host;
  if (host === '') return 'names no host';
  if (user === '') return 'names no user';
  if (database === '') return 'names no database';

  const ssl = url.searchParams.get('sslmode') ?? (isLocal(host) ? 'disable' : 'prefer');
  if (!isSslMode(ssl)) return `has the sslmode ${ssl}, which is not one of ${SSL_MODES.join(', ')}`;

  const port = url.port === '' ? 5432 : Number(url.port);
  return { host, port, database, user, password, ssl };
}

/** Undefined when a percent sign begins no character. */
function decodeParts(
  url: URL,
): Pick<Connection, 'host' | 'user' | 'password' | 'database'> | undefined {
  try {
    return {
      host: decodeURIComponent(url.hostname).replace(/^\[|\]$/g, ''),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: decodeURIComponent(url.pathname.slice(1)),
    };
  } catch {
    return undefined;
  }
}

/** The address for people: without the password. */
export function describeConnection(connection: Connection): string {
  const { host, port, database, user } = connection;
  return host.startsWith('/')
    ? `${host} (database ${database})`
    : `${user}@${host}:${port}/${database}`;
}

function isSslMode(text: string): text is SslMode {
  return SSL_MODES.some((mode) => mode === text);
}

function isLocal(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || host.startsWith('127.');
}
