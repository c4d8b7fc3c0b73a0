/** A library that asks by `fetch` goes the same way out as everybody, and nowhere by an address of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fetchBy, NotReached } from './fetch-by.ts';
import type { Question, Reply } from './outgoing.ts';

function asked(reply: Partial<Extract<Reply, { kind: 'answer' }>> | { readonly kind: 'none' }) {
  const questions: Question[] = [];
  const outgoing = {
    ask: async (question: Question): Promise<Reply> => {
      questions.push(question);
      if (reply.kind === 'none') return { kind: 'none', why: 'late', reason: 'no answer' };
      return { kind: 'answer', status: 200, retryAfter: undefined, text: '{}', ...reply };
    },
  };
  return { questions, fetch: fetchBy(outgoing, new URL('https://login.example/realm')) };
}

test('what is asked and answered is passed on, and its kind', async () => {
  const { questions, fetch } = asked({ status: 201, text: 'x', contentType: 'application/json' });
  const body = new URLSearchParams({ code: 'a b' });
  const headers = { accept: 'application/json' };
  const answer = await fetch('https://keys.example/token', { method: 'POST', headers, body });
  assert.deepEqual([answer.status, await answer.text()], [201, 'x']);
  assert.equal(answer.headers.get('content-type'), 'application/json');
  assert.equal(questions[0]?.body, 'code=a+b');
  await fetch('https://keys.example/jwks', { method: 'GET', headers });
  assert.equal(questions[1]?.body, undefined);
});

test('an answer without a body is one', async () => {
  const { fetch } = asked({ status: 204, text: '' });
  const answer = await fetch('https://login.example/', { method: 'GET', headers: {} });
  assert.equal(answer.status, 204);
});

test('no answer is an error of its own', async () => {
  const { fetch } = asked({ kind: 'none' });
  await assert.rejects(fetch('https://login.example/', { method: 'GET', headers: {} }), NotReached);
});

for (const url of [
  ...['https://10.0.0.1/jwks', 'https://127.0.0.1/token', 'https://[::1]/token'],
  ...['https://localhost/token', 'https://2130706433/token'],
])
  test(`${url}, which the operator has not named, is not asked`, async () => {
    const { questions, fetch } = asked({});
    await assert.rejects(fetch(url, { method: 'GET', headers: {} }), NotReached);
    assert.deepEqual(questions, []);
  });

test('an address that the operator has named is asked', async () => {
  const questions: Question[] = [];
  const outgoing = {
    ask: async (question: Question): Promise<Reply> => {
      questions.push(question);
      return { kind: 'answer', status: 200, retryAfter: undefined, text: '' };
    },
  };
  const fetch = fetchBy(outgoing, new URL('http://127.0.0.1:8080/realm'));
  await fetch('http://127.0.0.1:8080/realm/token', { method: 'GET', headers: {} });
  assert.equal(questions.length, 1);
});
