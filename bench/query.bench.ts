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
import { sectionsAsked } from './sections.ts';

/** A section is a file; it is listed here. */
const SECTIONS: Readonly<Record<string, Section>> = {
  'last-hundred': LAST_HUNDRED,
  'latest-of-many': LATEST_OF_MANY,
  'full-scan': FULL_SCAN,
  drawn: DRAWN,
};

export async function main(args: readonly string[]): Promise<number> {
  const sections = sectionsAsked(args, SECTIONS);
  if (sections === undefined) return 1;
  const report = openReport(args);
  const value = loadavg()[0] ?? Number.NaN;
  report.add({ bench: 'query', metric: 'load of the machine', value, unit: 'processes' });
  await using ground = await openGround();
  const measures = [];
  for (const section of sections) measures.push(await section.prepare(ground));
  await ground.settle();
  await using stage = await openStage(ground);
  for (const measure of measures) await measure(stage, report);
  return report.exitCode();
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
