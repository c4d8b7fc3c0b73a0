import { archiveCommand } from './archive.ts';

/**
 * How the embedded PostgreSQL runs. Given on its command line at every start, so that nothing left in
 * its data directory, not even an ALTER SYSTEM, can weaken them.
 */
export interface Listening {
  /** Where its socket lies: a directory that only its user and ours may enter. */
  readonly socketDir: string;
  /** On loopback too when given; else it is reached by the socket alone. */
  readonly port: number | undefined;
}

/** Names the socket file when there is no TCP port. */
export const SOCKET_PORT = 5432;

/** What durability means here: a commit that was answered survives a power cut. */
export const DURABILITY = ['fsync', 'full_page_writes', 'synchronous_commit'] as const;

export function serverArguments(clusterDir: string, listening: Listening): string[] {
  const settings: Record<string, string | number> = {
    ...Object.fromEntries(DURABILITY.map((name) => [name, 'on'])),

    listen_addresses: listening.port === undefined ? '' : '127.0.0.1',
    port: listening.port ?? SOCKET_PORT,
    unix_socket_directories: listening.socketDir,
    unix_socket_permissions: '0700',
    password_encryption: 'scram-sha-256',
    cluster_name: 'ausculta',

    // A crash ends all of it, and we start it anew. Left to itself PostgreSQL 18 stays up without being of
    // use when its recovery fails as well, as it does while fsync fails: nothing would ever end it.
    restart_after_crash: 'off',

    // A small machine: the hot part of the data is the head, which lives in our own memory.
    shared_buffers: '128MB',
    maintenance_work_mem: '64MB',
    max_connections: 100,
    max_worker_processes: 4,
    max_parallel_workers_per_gather: 0,
    max_logical_replication_workers: 0,
    io_method: 'sync',
    jit: 'off',
    huge_pages: 'off',

    // Sealed rows do not compress; the page images of their indexes do.
    wal_compression: 'pglz',
    // Whether anything is kept is decided beside the cluster, while it runs: see archive.ts.
    archive_mode: 'on',
    archive_command: archiveCommand(clusterDir),

    max_wal_size: '1GB',
    min_wal_size: '128MB',
    checkpoint_timeout: '5min',

    // The log speaks of the server, never of the data: an error's text can quote a value, so errors
    // go to the client that caused them and to nobody else.
    log_destination: 'stderr',
    logging_collector: 'off',
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_statement: 'none',
    log_min_duration_statement: -1,
    log_error_verbosity: 'terse',
    log_parameter_max_length: 0,
    log_parameter_max_length_on_error: 0,
    log_connections: '',
    log_disconnections: 'off',
    log_checkpoints: 'off',
    log_autovacuum_min_duration: -1,
    log_line_prefix: '%m ',
    lc_messages: 'C',
    log_timezone: 'UTC',
    timezone: 'UTC',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', clusterDir, ...flags];
}

/** The built-in locale sorts by code point and does not change with the machine's libraries. */
export function initdbArguments(clusterDir: string, passwordFile: string): string[] {
  return [
    `--pgdata=${clusterDir}`,
    `--pwfile=${passwordFile}`,
    '--username=postgres',
    '--auth-local=scram-sha-256',
    '--auth-host=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--data-checksums',
    '--no-instructions',
  ];
}
