/**
 * Whatever an installation has lived through, an empty one that imports it has the same rows: ids,
 * history, events, what is parked, alarms and who wore what. A second import changes nothing.
 *
 * The short run is one life, always the same; AUSCULTA_ROUNDS asks for more of them, by chance, and
 * AUSCULTA_SEED repeats one.
 */
import assert from 'node:assert/strict';
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { exportAll } from '../apps/server/src/commands/export.ts';
import { readExport } from '../apps/server/src/commands/export-file.ts';
import type { CommandPorts } from '../apps/server/src/commands/ground.ts';
import { importAll } from '../apps/server/src/commands/import.ts';
import { MOVED_TABLES } from '../apps/server/src/commands/moved-tables.ts';
import { freshDatabase, type TestDatabase } from './support/database.ts';
import { mulberry32 } from './support/device-streams.ts';
import { liveThrough } from './support/lives.ts';
import { configOf, startServerHere, temporaryDirectory } from './support/server.ts';

const ROUNDS = Number(process.env['AUSCULTA_ROUNDS'] ?? 1);
const ACTS = 50;

interface Installation {
  readonly database: TestDatabase;
  readonly dataDir: string;
}

/** In this process; answers what was said. */
async function run(
  command: typeof exportAll | typeof importAll,
  { database, dataDir }: Installation,
  path: string,
): Promise<Record<string, Record<string, number>>> {
  const said: string[] = [];
  const ports: CommandPorts = {
    config: configOf({ dataDir, database: database.connection }),
    version: 'test',
    outside: {
      nowMs: () => Date.now(),
      randomBytes: (count) => randomBytes(count),
      newId: () => randomUUID(),
    },
    asJson: true,
    writeOut: (line) => void said.push(line),
    progress: () => undefined,
  };
  const code = await command(ports, { words: [path], isClear: true });
  assert.equal(code, 0, said.join());
  return JSON.parse(said.join()) as Record<string, Record<string, number>>;
}

/** Which organisation it is, and what follows from its id, is each installation's own. */
const OWN = new Set(['organisation_id', 'partition', 'bytes']);

/** All that a file holds, opened, in an order of its own. */
async function contentOf(path: string): Promise<string[]> {
  await using file = await readExport(path, undefined);
  const content: string[] = [];
  for await (const { table, row, clear } of file.records) {
    if (row['act'] === 'organisation-exported') continue;
    const columns = Object.entries(row).filter(([name]) => !OWN.has(name));
    const bytes = clear === undefined ? null : Buffer.from(clear).toString('base64');
    content.push(JSON.stringify([table, columns.sort(), bytes]));
  }
  return content.sort();
}

async function countsOf({ database }: Installation): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { table } of MOVED_TABLES) {
    const own = table === 'audit_leaf' ? `WHERE act <> 'organisation-exported'` : '';
    const [row] = await database.line.unsafe<{ n: number }[]>(
      `SELECT count(*)::integer AS n FROM ${table} ${own}`,
    );
    counts[table] = row?.n ?? 0;
  }
  return counts;
}

async function empty(): Promise<Installation> {
  return { database: await freshDatabase(), dataDir: await temporaryDirectory() };
}

const startAt = ({ database, dataDir }: Installation) =>
  startServerHere({ config: { database: database.connection, dataDir } });

/** Each installation's own start has left its entry in the audit. */
const isOfBoth = (line: string): boolean => !line.includes('"sign-in-link-made"');

const firstSeed = Number(process.env['AUSCULTA_SEED'] ?? (ROUNDS === 1 ? 1 : randomInt(2 ** 31)));

for (let round = 0; round < ROUNDS; round += 1) {
  const seed = firstSeed + round;
  test(`an installation that lived through ${ACTS} acts of seed ${seed} moves as it is`, async (t) => {
    const [from, to] = [await empty(), await empty()];
    await using _from = from.database;
    await using _to = to.database;
    {
      await using here = await startAt(from);
      await liveThrough(here.server, { chance: mulberry32(seed), acts: ACTS });
    }
    await (await startAt(to))[Symbol.asyncDispose]();
    const path = (name: string): string => join(from.dataDir, name);

    const { exported } = await run(exportAll, from, path('first'));
    const before = await contentOf(path('first'));
    assert.equal(exported?.['records'], before.length);
    const counts = await countsOf(from);
    t.diagnostic(JSON.stringify(counts));
    // Its own start is in its audit: that a link was made for whoever comes in first.
    const own = await countsOf(to);
    assert.deepEqual(
      Object.keys(own).filter((table) => own[table] !== 0),
      ['audit_leaf'],
    );
    const all = { ...counts, audit_leaf: (counts['audit_leaf'] ?? 0) + (own['audit_leaf'] ?? 0) };
    await run(importAll, to, path('first'));
    assert.deepEqual(await countsOf(to), all);
    await run(exportAll, to, path('second'));
    assert.deepEqual((await contentOf(path('second'))).filter(isOfBoth), before.filter(isOfBoth));

    const { imported } = await run(importAll, to, path('first'));
    assert.equal(imported?.['added'], 0);
    await run(exportAll, to, path('third'));
    assert.deepEqual((await contentOf(path('third'))).filter(isOfBoth), before.filter(isOfBoth));
  });
}
