import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databaseFault, describeDatabaseError } from './fault.ts';

const CASES = [
  { code: '53100', fault: 'STORE_FULL', when: 'the disk is full' },
  { code: '53300', fault: 'STORE_UNAVAILABLE', when: 'no connection is left' },
  { code: '08006', fault: 'STORE_UNAVAILABLE', when: 'the connection broke' },
  { code: '57014', fault: 'STORE_UNAVAILABLE', when: 'the statement took too long' },
  { code: '57P01', fault: 'STORE_UNAVAILABLE', when: 'the server is shutting down' },
  { code: '58030', fault: 'STORE_UNAVAILABLE', when: 'the disk failed' },
  { code: '40001', fault: 'STORE_UNAVAILABLE', when: 'a transaction must be tried again' },
  { code: 'ECONNREFUSED', fault: 'STORE_UNAVAILABLE', when: 'nothing listens' },
  { code: 'ENOENT', fault: 'STORE_UNAVAILABLE', when: 'the socket is gone' },
  { code: 'CONNECTION_CLOSED', fault: 'STORE_UNAVAILABLE', when: 'the server was killed' },
  { code: '23505', fault: undefined, when: 'a key is there twice, which is our bug' },
  { code: '42P01', fault: undefined, when: 'a table is missing, which is our bug' },
  { code: '40002', fault: undefined, when: 'a constraint is broken at commit, which is our bug' },
] as const;

for (const { code, fault, when } of CASES) {
  test(`${code} is ${fault ?? 'no fault'}: ${when}`, () => {
    assert.equal(databaseFault(Object.assign(new Error('x'), { code }))?.code, fault);
  });
}

test('an error of our own is no fault', () => {
  assert.equal(databaseFault(new TypeError('x is not a function')), undefined);
  assert.equal(databaseFault(undefined), undefined);
});

test('what is logged of an error names tables and codes, never values', () => {
  const error = Object.assign(new Error('duplicate key: (login_name)=(ann.smith) exists'), {
    code: '23505',
    detail: 'Key (login_name)=(ann.smith) already exists.',
    table_name: 'account',
    constraint_name: 'account_login_name_key',
  });
  assert.equal(
    describeDatabaseError(error),
    'code 23505, table account, constraint account_login_name_key',
  );
});
