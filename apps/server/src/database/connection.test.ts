import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeConnection, parseDatabaseUrl } from './connection.ts';

const CASES = [
  {
    url: 'postgres://ausculta:p%2Fw@localhost/ward',
    is: {
      host: 'localhost',
      port: 5432,
      database: 'ward',
      user: 'ausculta',
      password: 'p/w',
      ssl: 'disable',
    },
  },
  {
    url: 'postgresql://a:b@[::1]:5433/d',
    is: { host: '::1', port: 5433, database: 'd', user: 'a', password: 'b', ssl: 'disable' },
  },
  {
    url: 'postgres://a:b@db.example/d',
    is: { host: 'db.example', port: 5432, database: 'd', user: 'a', password: 'b', ssl: 'prefer' },
  },
  {
    url: 'postgres://a:b@db.example/d?sslmode=verify-full',
    is: {
      host: 'db.example',
      port: 5432,
      database: 'd',
      user: 'a',
      password: 'b',
      ssl: 'verify-full',
    },
  },
  {
    url: 'postgres://a@localhost/d?host=/var/run/postgresql',
    is: {
      host: '/var/run/postgresql',
      port: 5432,
      database: 'd',
      user: 'a',
      password: '',
      ssl: 'disable',
    },
  },
  { url: 'localhost:5432', is: 'does not begin with postgres://' },
  { url: 'not an address', is: 'is not an address' },
  { url: 'postgres:///d', is: 'names no host' },
  { url: 'postgres://h/d', is: 'names no user' },
  { url: 'postgres://a:b@h/', is: 'names no database' },
  { url: 'postgres://a:b@h/%E0', is: 'is not an address' },
  {
    url: 'postgres://a:b@h/d?sslmode=maybe',
    is: 'has the sslmode maybe, which is not one of disable, prefer, require, verify-full',
  },
  {
    url: 'postgres://a:b@h/d?pool=3',
    is: 'has the parameter pool, but only sslmode and host are known',
  },
] as const;

for (const { url, is } of CASES) {
  test(`DATABASE_URL ${url.replace(/:[^:@/]*@/, ':…@')} ${typeof is === 'string' ? is : 'is read'}`, () => {
    assert.deepEqual(parseDatabaseUrl(url), is);
  });
}

test('a connection is described without its password', () => {
  const connection = parseDatabaseUrl('postgres://ausculta:hunter2@db.example:5433/ward');
  assert.ok(typeof connection !== 'string');
  assert.equal(describeConnection(connection), 'ausculta@db.example:5433/ward');
});
