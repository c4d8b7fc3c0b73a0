import assert from 'node:assert/strict';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { archiveCommand, firstGap, parseSegment, SEGMENT_BYTES, segmentName } from './archive.ts';

test('segments are counted across the border of their middle part', () => {
  const last = parseSegment('0000000100000002000000FF');
  assert.deepEqual(last, { timeline: '00000001', index: 767 });
  assert.equal(segmentName('00000001', 768), '000000010000000300000000');
  assert.equal(parseSegment('000000010000000300000000.partial'), undefined);
  assert.equal(parseSegment('00000002.history'), undefined);
});

test('the first missing or cut segment is named; what follows the backup counts unless a time ends it', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'ausculta-test-'));
  t.after(() => rm(directory, { recursive: true }));
  const name = (index: number): string => segmentName('00000001', index);
  const make = async (index: number, bytes = SEGMENT_BYTES): Promise<void> => {
    await writeFile(join(directory, name(index)), '');
    await truncate(join(directory, name(index)), bytes);
  };
  for (const index of [254, 255, 256, 258]) await make(index);
  const upTo = (last: number, isLastTheEnd: boolean) =>
    firstGap(directory, { first: name(254), last: name(last), isLastTheEnd });
  assert.equal(await upTo(256, true), undefined);
  assert.match((await upTo(256, false)) ?? '', /000000010000000100000001 is missing/);
  assert.match((await upTo(257, true)) ?? '', /is missing/);
  await make(257);
  assert.equal(await upTo(256, false), undefined);
  await make(255, 4096);
  assert.match((await upTo(256, true)) ?? '', /0000000000FF has 4096 bytes instead of 16777216/);
});

test('a path with a quote and a percent sign stays one path', () => {
  assert.match(archiveCommand("/it's 5%/postgres"), /'\/it'\\''s 5%%\/postgres\.archive'\/%f/);
});
