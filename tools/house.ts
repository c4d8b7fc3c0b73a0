// What the npm scripts do, once dependencies are installed and the pinned Node runs.
import { fileURLToPath } from 'node:url';
import { runToEnd } from './child.mjs';
import { runStatic } from './static-checks.ts';
import { Steps } from './steps.ts';
import {
  runBrowserTests,
  runIntegrationTests,
  runLongTests,
  runNamedTests,
  runUnitTests,
} from './test-runs.ts';
import { ensureWebBuilt } from './web-build.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

type Command = (args: readonly string[]) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  demo: (args) => serve('apps/simulator/src/demo.ts', args),
  start: (args) => serve('apps/server/src/main.ts', args),
  watchdog: (args) => runNode('apps/watchdog/src/main.ts', args),
  check,
  test,
  'test:long': testLong,
  bench: (args) => runNode('bench/run.ts', args),
  simulate: (args) => runNode('tests/simulation/simulate.ts', args),
};

/** The quick half of `test`, for every save: all that needs neither a database nor a browser. */
async function check(): Promise<number> {
  const steps = new Steps(ROOT);
  await runStatic(steps);
  await runUnitTests(steps);
  return steps.finish();
}

/** With file names: only these tests, without the checks. */
async function test(args: readonly string[]): Promise<number> {
  const steps = new Steps(ROOT);
  if (args.length > 0) {
    await runNamedTests(steps, args);
    return steps.finish();
  }
  await steps.run('web app', () => ensureWebBuilt(ROOT));
  await runStatic(steps);
  await runUnitTests(steps);
  await runIntegrationTests(steps);
  await runBrowserTests(steps);
  return steps.finish();
}

async function testLong(args: readonly string[]): Promise<number> {
  const steps = new Steps(ROOT);
  await runLongTests(steps, args);
  return steps.finish();
}

async function serve(entry: string, args: readonly string[]): Promise<number> {
  if (!(await ensureWebBuilt(ROOT))) return 1;
  return runNode(entry, args);
}

function runNode(entry: string, args: readonly string[]): Promise<number> {
  return runToEnd(process.execPath, [entry, ...args], { cwd: ROOT });
}

const [name = '', ...rest] = process.argv.slice(2);
const command = COMMANDS[name];
if (command === undefined) {
  process.stderr.write(`Unknown command "${name}": choose ${Object.keys(COMMANDS).join(', ')}.\n`);
  process.exitCode = 1;
} else {
  process.exitCode = await command(rest);
}
