import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isShort, passwordProblem } from './password-rules.ts';

const CASES = [
  { password: 'elevenchars', hasFactor: false, says: /at least 12/ },
  { password: 'twelve-chars', hasFactor: false },
  { password: 'seven77', hasFactor: true, says: /at least 8/ },
  { password: 'eight888', hasFactor: true },
  // A letter beyond the basic plane is one character, not two.
  { password: '😀😁😂😃😄😅😆', hasFactor: true, says: /at least 8/ },
  { password: 'Password1234', hasFactor: false, says: /everybody/ },
  { password: 'demo-ausculta', hasFactor: false, says: /everybody/ },
  { password: 'ababababababab', hasFactor: false, says: /again and again/ },
  { password: 'Nurse-Joy-2026', hasFactor: false, says: /everybody/ },
  { password: 'correct horse battery staple', hasFactor: false },
  { password: 'the hospital cat sleeps', hasFactor: false },
] as const;

for (const { password, hasFactor, ...rest } of CASES) {
  const says = 'says' in rest ? rest.says : undefined;
  const beside = hasFactor ? ' beside a second factor' : '';
  test(`the password "${password}"${beside} is ${says ? 'refused' : 'taken'}`, () => {
    const problem = passwordProblem({ password, loginName: 'nurse-joy', hasFactor });
    if (says) assert.match(problem ?? '', says);
    else assert.equal(problem, undefined);
  });
}

test('a password of eleven characters is short, one of twelve is not', () => {
  assert.deepEqual([isShort('elevenchars'), isShort('twelve-chars')], [true, false]);
});
