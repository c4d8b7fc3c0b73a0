import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuthorizationResponseError, ResponseBodyError } from 'openid-client';
import { describeDatabaseError } from '../database/fault.ts';
import { NotReached } from '../outgoing/fetch-by.ts';
import { ProviderProblem } from './provider-problem.ts';

/** As it stands in the log. */
const logged = (error: unknown) => describeDatabaseError(new ProviderProblem(error));
const response = new Response(null, { status: 400 });
const inBody = (error: string) => new ResponseBodyError('no', { cause: { error }, response });
const inAddress = (error: string) =>
  new AuthorizationResponseError('no', { cause: new URLSearchParams({ error }) });
const coded = (code: unknown, cause?: unknown) =>
  Object.assign(new Error('no', { cause }), { code });

for (const [error, expected] of [
  [inBody('invalid_client'), 'code invalid_client'],
  [inBody('invalid_grant'), 'code invalid_grant'],
  [inAddress('access_denied'), 'code access_denied'],
  [coded('OAUTH_JWT_CLAIM_COMPARISON_FAILED'), 'code OAUTH_JWT_CLAIM_COMPARISON_FAILED'],
  [coded('ENOENT'), 'code ENOENT'],
  [new NotReached('unreachable'), 'code unreachable'],
  [coded(undefined, new NotReached('late')), 'code late'],
] as const)
  test(`what is known is logged as ${expected}`, () => {
    assert.equal(logged(error), expected);
  });

for (const text of ['Joy Okafor, 1950-02-03', 'x'.repeat(100_000), '', 'constructor', 'ENOENT'])
  test(`a provider's own words are not logged: ${text.slice(0, 30)}`, () => {
    assert.equal(logged(inBody(text)), 'code refused');
    assert.equal(logged(inAddress(text)), 'code refused');
  });

test('what nobody has foreseen is logged as refused', () => {
  for (const error of [coded('Joy'), coded(7), new Error('Joy'), 'Joy', undefined])
    assert.equal(logged(error), 'code refused');
});
