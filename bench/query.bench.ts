// How fast stored readings are answered: `npm run bench -- query [SECTION…] [--json]`. Every question is
// asked of the engine and of a plain (series, time, value) table in the same PostgreSQL.
import '../apps/server/src/young-objects.ts';
import { loadavg } from 'node:os';
import { DRAWN } from './query/drawn.ts';
import { FULL_SCAN } from './query/full-scan.ts';
import { openGround } from './query/ground.ts';
import { LAST_HUNDRED } from './query/last-hundred.ts';
import { LATEST_OF_MANY } from './query/latest-of-many.ts';
import type { Section } from './query/section.ts';
import { openStage } from './query/stage.ts';
import { openReport } from './report.ts';

/** A section is a file; it is listed here. */
const SECTIONS: Readonly<Record<string, Section>> = {
  'last-hundred': LAST_HUNDRED,
  'latest-of-many': LATEST_OF_MANY,
  'full-scan': FULL_SCAN,
  drawn: DRAWN,
};

export async function main(args: readonly string[]): Promise<number> {
  const wanted = args.filter((arg) => !arg.startsWith('-'));
  const unknown = wanted.filter((name) => SECTIONS[name] === undefined);
  if (unknown.length > 0) {
    const known = Object.keys(SECTIONS).join(', ');
    process.stderr.write(`No section ${unknown.join(', ')}. There are: ${known}.\n`);
    return 1;
  }
  const report = openReport(args);
  const value = loadavg()[0] ?? Number.NaN;
  report.add({ bench: 'query', metric: 'load of the machine', value, unit: 'processes' });
  await using ground = await openGround();
  const measures = [];
  for (const [name, section] of Object.entries(SECTIONS))
    if (wanted.length === 0 || wanted.includes(name)) measures.push(await section.prepare(ground));
  await ground.settle();
  await using stage = await openStage(ground);
  for (const measure of measures) await measure(stage, report);
  return report.exitCode();
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
