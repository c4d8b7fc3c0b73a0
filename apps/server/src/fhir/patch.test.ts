import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patched } from './patch.ts';

const TEXT = '{"resourceType":"Basic","code":{"text":"a"},"list":[1.0,2,3],"a/b":{"~":1}}';

const APPLIED = [
  { patch: [{ op: 'add', path: '/list/0', value: 0 }], list: [0, 1, 2, 3] },
  { patch: [{ op: 'add', path: '/list/-', value: 4 }], list: [1, 2, 3, 4] },
  { patch: [{ op: 'remove', path: '/list/1' }], list: [1, 3] },
  { patch: [{ op: 'replace', path: '/list/2', value: 9 }], list: [1, 2, 9] },
  { patch: [{ op: 'move', from: '/list/0', path: '/list/2' }], list: [2, 3, 1] },
  { patch: [{ op: 'copy', from: '/list/0', path: '/list/-' }], list: [1, 2, 3, 1] },
  { patch: [{ op: 'test', path: '/list', value: [1, 2, 3] }], list: [1, 2, 3] },
  { patch: [{ op: 'replace', path: '/a~1b/~0', value: 2 }], list: [1, 2, 3] },
];

for (const { patch, list } of APPLIED) {
  test(`${JSON.stringify(patch)} is applied`, () => {
    const made = patched(TEXT, JSON.stringify(patch));
    assert.ok(made.ok);
    assert.deepEqual(Reflect.get(made.value.resource, 'list'), list);
  });
}

const REFUSED = [
  { patch: [{ op: 'remove', path: '/nothing' }], status: 422 },
  { patch: [{ op: 'replace', path: '/nothing', value: 1 }], status: 422 },
  { patch: [{ op: 'add', path: '/list/4', value: 1 }], status: 422 },
  { patch: [{ op: 'add', path: '/list/01', value: 1 }], status: 422 },
  { patch: [{ op: 'add', path: '/none/x', value: 1 }], status: 422 },
  { patch: [{ op: 'test', path: '/code/text', value: 'b' }], status: 422 },
  { patch: [{ op: 'move', from: '/code', path: '/code/text' }], status: 422 },
  { patch: [{ op: 'add', path: '/__proto__', value: { polluted: true } }], status: 422 },
  { patch: [{ op: 'remove', path: '/constructor/prototype' }], status: 422 },
  { patch: [{ op: 'spoil', path: '/code' }], status: 400 },
  { patch: [{ op: 'add', path: 'code', value: 1 }], status: 400 },
  { patch: [{ op: 'copy', path: '/code' }], status: 400 },
  { patch: { op: 'add', path: '/code', value: 1 }, status: 400 },
  { patch: [null], status: 400 },
];

for (const { patch, status } of REFUSED) {
  test(`${JSON.stringify(patch)} is refused`, () => {
    const made = patched(TEXT, JSON.stringify(patch));
    assert.ok(!made.ok);
    assert.equal(made.refusal.status, status);
  });
}

test('a patch that is no JSON, or nested without end, is refused', () => {
  for (const body of ['', '[', '['.repeat(100_000)]) assert.ok(!patched(TEXT, body).ok);
});
