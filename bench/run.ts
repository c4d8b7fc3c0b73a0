// `npm run bench -- NAME [--json] [...]`: finds the bench of that name and runs its `main`.
//
// A bench is a file NAME.bench.ts in this folder or beside the code that it measures, and exports
// `main(args): Promise<number>`, whose answer is the exit code: 0 when every target was met.
import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

interface Bench {
  readonly main: (args: readonly string[]) => Promise<number | undefined>;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SUFFIX = '.bench.ts';

function findBenches(): ReadonlyMap<string, string> {
  const patterns = [`bench/*${SUFFIX}`, `{packages,apps}/*/src/**/*${SUFFIX}`];
  const files = globSync(patterns, { cwd: ROOT }).sort();
  return new Map(files.map((file) => [basename(file, SUFFIX), `${ROOT}${file}`]));
}

async function run(name: string | undefined, args: readonly string[]): Promise<number> {
  const benches = findBenches();
  const file = benches.get(name ?? '');
  if (file === undefined) {
    const known = [...benches.keys()].join(', ') || 'none yet';
    process.stderr.write(
      `Which bench? npm run bench -- NAME --json, with NAME one of: ${known}.\n`,
    );
    return 1;
  }
  const bench = (await import(pathToFileURL(file).href)) as Partial<Bench>;
  if (typeof bench.main !== 'function') {
    process.stderr.write(`${file} exports no main(args).\n`);
    return 1;
  }
  return (await bench.main(args)) ?? 0;
}

// Options may stand before the name: the first word without a dash is the name.
const words = process.argv.slice(2);
const name = words.find((word) => !word.startsWith('-'));
const exitCode = await run(
  name,
  words.filter((word) => word !== name),
);
if (exitCode !== 0) process.exitCode = exitCode;
