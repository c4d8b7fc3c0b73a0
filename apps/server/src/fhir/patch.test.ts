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
  { patch: [{ op: 'replace', path: '', value: null }], status: 422 },
  { patch: [{ op: 'replace', path: '', value: [] }], status: 422 },
  { patch: [{ op: 'add', path: '', value: 'text' }], status: 422 },
  { patch: [{ op: 'remove', path: '' }], status: 422 },
  { patch: [{ op: 'copy', from: '/code', path: '' }], status: 422 },
  { patch: [{ op: 'remove', path: '/resourceType' }], status: 422 },
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

test('a resource is replaced as a whole by another', () => {
  const value = { resourceType: 'Basic', code: { text: 'b' } };
  const made = patched(TEXT, JSON.stringify([{ op: 'replace', path: '', value }]));
  assert.deepEqual(made.ok && made.value.resource, value);
});

const copies = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ op: 'copy', from: '', path: `/a${at}` }));

test('a copy of the whole into itself, again and again, ends before it is too much', () => {
  const few = patched(TEXT, JSON.stringify(copies(10)));
  assert.ok(few.ok && JSON.stringify(few.value.resource).length > 2 ** 10 * (TEXT.length - 8));
  const many = patched(TEXT, JSON.stringify(copies(30)));
  assert.equal(many.ok ? 0 : many.refusal.status, 422);
  assert.match(JSON.stringify(many), /operation 1\d: it makes too much/);
});

test('what copies make is counted together, up to four megabytes', () => {
  const text = JSON.stringify({ resourceType: 'Basic', data: 'x'.repeat(2 ** 20 - 2), list: [] });
  const patch = (count: number) =>
    JSON.stringify(Array(count).fill({ op: 'copy', from: '/data', path: '/list/-' }));
  assert.ok(patched(text, patch(4)).ok);
  assert.ok(!patched(text, patch(5)).ok);
  const value = 'x'.repeat(2 ** 21 - 2);
  const twice = [
    { op: 'add', path: '/data', value },
    { op: 'replace', path: '/data', value },
  ];
  assert.ok(patched(text, JSON.stringify(twice)).ok);
  assert.ok(!patched(text, JSON.stringify([...twice, { op: 'add', path: '/a', value: 1 }])).ok);
});

test('nothing is nested by a patch deeper than a resource may be', () => {
  const under = (levels: number) => '/a'.repeat(levels);
  const chain = (levels: number) =>
    Array.from({ length: levels }, (_, at) => ({ op: 'add', path: under(at + 1), value: {} }));
  assert.ok(patched(TEXT, JSON.stringify(chain(79))).ok);
  assert.ok(!patched(TEXT, JSON.stringify(chain(80))).ok);
  const doubled = Array.from({ length: 16 }, (_, at) => ({
    ...{ op: 'copy', from: '/a', path: `${under(2 ** at)}/a` },
  }));
  const deep = [{ op: 'add', path: '/a', value: {} }, ...doubled];
  assert.ok(!patched(TEXT, JSON.stringify(deep)).ok);
  const moved = Array.from({ length: 999 }, () => [
    { op: 'add', path: '/b', value: {} },
    { op: 'move', from: '/a', path: '/b/a' },
    { op: 'move', from: '/b', path: '/a' },
  ]);
  assert.ok(!patched(TEXT, JSON.stringify([deep[0], ...moved.flat().slice(0, 990)])).ok);
});
