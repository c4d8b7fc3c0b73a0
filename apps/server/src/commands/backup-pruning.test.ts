import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { segmentName } from '../database/archive.ts';
import { prune, superseded } from './backup-pruning.ts';
import { archiveIn, backupName, basesIn, writeManifest } from './manifest.ts';

const NOON = Date.UTC(2026, 10, 21, 12);
const DAY_MS = 24 * 3_600_000;
const KEPT = { nowMs: NOON, keptDays: 30 };

const daysAgo = (...days: number[]) => days.map((day) => ({ finishedMs: NOON - day * DAY_MS }));
const gone = (...days: number[]): number[] =>
  superseded(daysAgo(...days), KEPT).map(({ finishedMs }) => (NOON - finishedMs) / DAY_MS);

test('what is older than the last one from before the days that are kept goes', () => {
  assert.deepEqual(gone(0, 1, 29, 30, 31, 60), [31, 60]);
  assert.deepEqual(gone(0, 29.9, 30.1), [], 'the moments up to 29.9 need the one before');
  assert.deepEqual(gone(0, 1, 2), []);
  assert.deepEqual(gone(), []);
});

test('the newest two stay, however old they are', () => {
  assert.deepEqual(gone(400, 500, 600), [600]);
  assert.deepEqual(gone(400, 500), []);
});

test('whatever there is, each moment that was within reach and is kept stays within reach', () => {
  const ages = fc.uniqueArray(fc.integer({ min: 0, max: 90 }), { maxLength: 12 });
  fc.assert(
    fc.property(ages, fc.integer({ min: 0, max: 30 }), (days, moment) => {
      const old = superseded(daysAgo(...days), KEPT);
      const left = daysAgo(...days).filter(
        ({ finishedMs }) => !old.some((one) => one.finishedMs === finishedMs),
      );
      const isWithin = (all: readonly { finishedMs: number }[]): boolean =>
        all.some(({ finishedMs }) => finishedMs <= NOON - moment * DAY_MS);
      assert.equal(isWithin(left), isWithin(daysAgo(...days)));
    }),
  );
});

test('old backups go with the log that only they needed; what cannot be read stays', async (t) => {
  const place = await mkdtemp(join(tmpdir(), 'ausculta-test-'));
  t.after(() => rm(place, { recursive: true }));
  await mkdir(archiveIn(place));
  const counts = {
    subjects: 0,
    devices: 0,
    chunks: 0,
    readings: 0,
    samples: 0,
    events: 0,
    alarms: 0,
  };
  const make = async (daysBack: number, first: number): Promise<string> => {
    const finishedMs = NOON - daysBack * DAY_MS;
    const name = backupName(finishedMs);
    await mkdir(join(basesIn(place), name), { recursive: true });
    await writeManifest(join(basesIn(place), name), {
      ...{
        version: 1,
        madeBy: '0',
        finishedMs,
        postgresMajor: 18,
        migrations: [],
        counts,
        files: [],
      },
      ...{ kind: 'cluster', systemIdentifier: '1', directories: [] },
      ...{
        firstSegment: segmentName('00000001', first),
        lastSegment: segmentName('00000001', first),
      },
    });
    return name;
  };
  const names = [await make(80, 3), await make(50, 5), await make(40, 7), await make(1, 9)];
  const broken = backupName(NOON - 70 * DAY_MS);
  await mkdir(join(basesIn(place), broken));
  const begun = `${backupName(NOON - DAY_MS)}.partial`;
  for (const partial of [begun, `${backupName(NOON - 2 * DAY_MS)}.partial`])
    await mkdir(join(basesIn(place), partial));
  for (let index = 2; index <= 10; index += 1)
    await writeFile(join(archiveIn(place), segmentName('00000001', index)), '');
  await writeFile(join(archiveIn(place), '00000001.history'), '');
  await writeFile(join(archiveIn(place), segmentName('00000002', 1)), '');

  assert.deepEqual(await prune(place, KEPT), { backups: [names[1], names[0]], segments: 5 });
  const bases = [broken, begun, names[2], names[3]];
  assert.deepEqual((await readdir(basesIn(place))).sort(), bases.sort());
  const left = await readdir(archiveIn(place));
  assert.ok(left.includes(segmentName('00000001', 7)) && left.includes('00000001.history'));
  assert.ok(left.includes(segmentName('00000002', 1)), 'of another course nothing is known');
  assert.equal(left.length, 6);
  assert.deepEqual(await prune(place, KEPT), { backups: [], segments: 0 });
});
