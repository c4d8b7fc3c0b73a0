import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ExportRecord, ExportWriter, readExport } from './export-file.ts';

const RECORDS: readonly ExportRecord[] = [
  { table: 'subject', row: { id: 's' }, clear: new TextEncoder().encode('Quagswaggerin') },
  { table: 'series', row: { id: 7, metric: 'ecg-ii' }, clear: undefined },
  // Longer than a frame, and one of no length at all.
  { table: 'chunk', row: { series_id: 7 }, clear: randomBytes(3_000_000) },
  { table: 'event', row: { id: 'e' }, clear: new Uint8Array() },
];

async function write(t: TestContext, passphrase: string | undefined): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ausculta-test-'));
  t.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'moved.ausculta');
  const header = { madeBy: 'test', madeMs: 0, migrations: ['0001-ground'] };
  const writer = await ExportWriter.create(path, header, { passphrase, randomBytes });
  for (const record of RECORDS) await writer.write(record);
  await writer.end();
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  return path;
}

async function read(path: string, passphrase?: string): Promise<ExportRecord[]> {
  await using file = await readExport(path, passphrase);
  const records: ExportRecord[] = [];
  for await (const { table, row, clear } of file.records) {
    records.push({ table, row, clear: clear && new Uint8Array(clear) });
  }
  return records;
}

const EXPECTED = RECORDS.map(({ clear, ...record }) => ({
  ...record,
  clear: clear && new Uint8Array(clear),
}));

for (const passphrase of [undefined, 'correct horse battery']) {
  const how = passphrase === undefined ? 'in clear' : 'under a passphrase';
  test(`what was written is read, ${how}; cut at any place or changed, it is refused`, async (t) => {
    const path = await write(t, passphrase);
    assert.deepEqual(await read(path, passphrase), EXPECTED);
    const whole = await readFile(path);
    assert.equal(whole.includes('Quagswaggerin'), passphrase === undefined);
    for (const length of [whole.length - 1, whole.length - 200, 1_100_000, 300]) {
      await writeFile(path, whole.subarray(0, length));
      await assert.rejects(read(path, passphrase), /ends too early|is damaged/);
    }
    for (const at of [400, 2_000_000]) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await writeFile(path, changed);
      await assert.rejects(
        read(path, passphrase),
        /checksum|damaged|passphrase is another|too early/,
      );
    }
  });
}

test('without its passphrase, or with another, nothing of it is read', async (t) => {
  const path = await write(t, 'correct horse battery');
  await assert.rejects(read(path), /is encrypted. Give its passphrase/);
  await assert.rejects(read(path, 'wrong horse battery'), /passphrase is another one/);
});

test('what is no export is said to be none', async (t) => {
  const path = await write(t, undefined);
  for (const bytes of [randomBytes(100), Buffer.from('{}\n'), Buffer.alloc(0)]) {
    await writeFile(path, bytes);
    await assert.rejects(read(path), /is no export of Ausculta/);
  }
  await assert.rejects(read(join(path, 'nowhere')), /cannot be read/);
});
