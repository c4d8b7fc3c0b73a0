import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { StartProblem } from '../database/start-problem.ts';
import { openShredList } from './shred-list.ts';

let directory = '';
let file = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ausculta-test-'));
  file = join(directory, 'shredded.jsonl');
});
afterEach(() => rmSync(directory, { recursive: true }));

const entry = (owner: string, atMs = 1) => ({
  owner,
  atMs,
  receipt: { signed: '{}', signature: 's' },
});

test('what was added is there after a restart; the first entry of an owner stays', () => {
  const list = openShredList(file);
  list.add(entry('a'));
  list.add(entry('b'));
  list.add(entry('a', 2));
  const again = openShredList(file);
  assert.deepEqual([...again.all()], [entry('a'), entry('b')]);
  assert.equal(again.get('c'), undefined);
});

test('a line that was cut short is no entry, and does not spoil the next', () => {
  openShredList(file).add(entry('a'));
  appendFileSync(file, '{"owner":"b","at');
  const list = openShredList(file);
  assert.deepEqual([...list.all()], [entry('a')]);
  list.add(entry('c'));
  assert.deepEqual([...openShredList(file).all()], [entry('a'), entry('c')]);
  assert.equal(readFileSync(file, 'utf8').split('\n').length, 3);
});

test('a damaged list stops the start: without it, erased data might open again', () => {
  writeFileSync(file, 'not this\n');
  assert.throws(() => openShredList(file), StartProblem);
});
