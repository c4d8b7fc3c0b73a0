// How fast FHIR is written, read and searched: `npm run bench -- fhir [SECTION…] [--json]`. One server
// process with its own PostgreSQL, asked over eight connections that are kept, by a thread of the bench;
// all of them share the machine.
import { loadavg } from 'node:os';
import { SECTIONS } from './fhir/sections.ts';
import { openStage } from './fhir/stage.ts';
import { openReport } from './report.ts';
import { sectionsAsked } from './sections.ts';

export async function main(args: readonly string[]): Promise<number> {
  const sections = sectionsAsked(args, SECTIONS);
  if (sections === undefined) return 1;
  const report = openReport(args);
  const value = Number((loadavg()[0] ?? Number.NaN).toFixed(2));
  report.add({ bench: 'fhir', metric: 'load of the machine before', value, unit: 'processes' });
  await using stage = await openStage();
  for (const section of sections) await section(stage, report);
  return report.exitCode();
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
