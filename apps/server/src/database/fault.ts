import type { Fault } from '@ausculta/vitals/fault';
import { errorCode } from './start-problem.ts';

/**
 * What a failed query means to whoever asked. A fault says that the world failed: the database is
 * away, too slow or full, and the same request may succeed later. Undefined says that the query or
 * its data broke a rule, which is our own bug: let it crash.
 *
 * Neither PostgreSQL's message nor its detail is passed on: both can quote a value.
 */
export function databaseFault(error: unknown): Fault | undefined {
  const code = errorCode(error);
  if (STORE_FULL.has(code)) return { code: 'STORE_FULL' };
  if (STORE_AWAY.has(code) || STORE_AWAY.has(code.slice(0, 2)))
    return { code: 'STORE_UNAVAILABLE', detail: code };
  return undefined;
}

/** A page on the disk is not what was written: what else is on other pages can still be read. */
export function isDamage(error: unknown): boolean {
  return DAMAGED.has(errorCode(error));
}

const DAMAGED = new Set(['XX001', 'XX002']);

/** What may be logged of a failed query: codes and the names of our own tables, never data. */
export function describeDatabaseError(error: unknown): string {
  const named = ['table_name', 'constraint_name', 'routine'] as const;
  const parts = [`code ${errorCode(error) || 'unknown'}`];
  for (const name of named) {
    const value: unknown =
      typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
    if (typeof value === 'string') parts.push(`${name.replace('_name', '')} ${value}`);
  }
  return parts.join(', ');
}

const STORE_FULL = new Set(['53100', 'ENOSPC', 'EDQUOT']);

/** SQLSTATEs, classes of them (two characters), and the codes of sockets and of the driver. */
const STORE_AWAY = new Set([
  '08', // the connection broke
  '53', // out of memory, connections or other resources
  '57', // cancelled for time, shutting down, starting up
  '58', // the disk or the system failed beneath it
  'XX', // a page does not match its checksum
  '25006', // read-only: the server became a standby
  '25P03', // a transaction stood idle for too long and was ended
  '40001', // serialisation failure
  '40P01', // deadlock
  '55P03', // a lock was not to be had in time
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT', // the socket's file is gone with its server
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
]);
