/** Golden cases of calling, read as they are written; each is run as it is, and with a restart before every look. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type CallCase, toldBy } from '../support/calling-corpus.ts';

const { cases } = JSON.parse(readFileSync(new URL('cases.json', import.meta.url), 'utf8')) as {
  cases: CallCase[];
};

for (const one of cases)
  test(one.name, () => {
    assert.deepEqual(toldBy(one, { restarts: false }), one.told);
    assert.deepEqual(toldBy(one, { restarts: true }), one.told, 'a restart changes nothing');
  });
