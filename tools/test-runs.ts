// The runs of node --test: beside the code, whole-house stories, browser, long.
import { globSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { runToEnd } from './child.mjs';
import { findChromium, installChromium } from './chromium.ts';
import type { Steps } from './steps.ts';
import { sharedRoot } from './test-data.ts';

interface Run {
  readonly name: string;
  readonly files: readonly string[];
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Starts what all files of the run share: one PostgreSQL. */
  readonly globalSetup?: string;
}

const TALLY_REPORTER = new URL('tally-reporter.ts', import.meta.url).href;
const FILE_LIMIT = new URL('file-limit.mjs', import.meta.url).href;

/**
 * What Node has compiled once is not compiled again in each of hundreds of processes: those of the test files,
 * and the servers and commands that these start. Each entry is named by what it was made from.
 */
const COMPILED = 'node_modules/.cache/compiled';

/** So many times a test's own limit: no file comes near it. */
const LIMIT_OF_FILE = 3;

const CONCURRENCY = Math.max(2, availableParallelism());

/** A test of the whole house waits as often as it computes: for a start, a disk, a delay. One more than there are cores. */
const CONCURRENCY_OF_HOUSES = CONCURRENCY + 1;

/** All that needs nothing but itself. */
export async function runUnitTests(steps: Steps): Promise<void> {
  const files = besideCode(steps.root).filter((file) => !needsDatabase(steps.root, file));
  await runTests(steps, {
    name: 'unit tests',
    files,
    timeoutMs: 120_000,
    concurrency: CONCURRENCY,
  });
}

/** Whole-house stories, and the tests beside the code that want a database. */
export async function runIntegrationTests(steps: Steps): Promise<void> {
  const beside = besideCode(steps.root).filter((file) => needsDatabase(steps.root, file));
  const files = [...beside, ...filesOf(steps.root, 'tests/{,simulation/,attacks/}*.test.ts')];
  await runTests(steps, { ...INTEGRATION, files });
}

export async function runNamedTests(steps: Steps, files: readonly string[]): Promise<void> {
  await runTests(steps, { ...INTEGRATION, name: 'tests', files });
}

const INTEGRATION = {
  name: 'integration tests',
  timeoutMs: 300_000,
  concurrency: CONCURRENCY_OF_HOUSES,
  globalSetup: 'tests/support/global-setup.ts',
};

export async function runBrowserTests(steps: Steps): Promise<void> {
  const files = filesOf(steps.root, 'tests/browser/*.test.ts');
  if (files.length === 0) return;
  const chromium = findChromium() ?? (await installChromium());
  if (typeof chromium !== 'string') {
    steps.skip(files.length, `browser tests (${files.join(', ')}): ${chromium.why}`);
    return;
  }
  // One at a time: a starved browser makes a slow test look like a broken one.
  const env = { AUSCULTA_CHROMIUM: chromium };
  await runTests(steps, { name: 'browser tests', files, timeoutMs: 180_000, concurrency: 1, env });
}

export async function runLongTests(steps: Steps, only: readonly string[]): Promise<void> {
  const files = only.length > 0 ? only : filesOf(steps.root, '{packages,apps,tests}/**/*.long.ts');
  await runTests(steps, { name: 'long tests', files, timeoutMs: 3_600_000, concurrency: 1 });
}

/** The tidy test alone: its place is among the checks. */
export async function runTidy(steps: Steps): Promise<void> {
  const files = filesOf(steps.root, 'tools/tidy.test.ts');
  await runTests(steps, { name: 'tidy', files, timeoutMs: 60_000, concurrency: 1 });
}

/** @public Its own test calls it in another process, where knip cannot see it. */
export async function runTests(steps: Steps, run: Run): Promise<void> {
  if (run.files.length === 0) return;
  await steps.run(run.name, async () => {
    const args = [
      `--import=${FILE_LIMIT}`,
      '--test',
      `--test-concurrency=${run.concurrency}`,
      `--test-timeout=${run.timeoutMs}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${TALLY_REPORTER}`,
      `--test-reporter-destination=${steps.tallyFile}`,
      ...(run.globalSetup === undefined ? [] : [`--test-global-setup=${run.globalSetup}`]),
      ...run.files,
    ];
    const code = await runToEnd(process.execPath, args, {
      cwd: steps.root,
      env: {
        ...process.env,
        ...run.env,
        NODE_COMPILE_CACHE: join(steps.root, COMPILED),
        AUSCULTA_SHARED_DIR: sharedRoot(),
        AUSCULTA_DATA_CASES_FILE: steps.dataCasesFile,
        AUSCULTA_TEST_FILE_LIMIT_MS: String(run.timeoutMs * LIMIT_OF_FILE),
      },
    });
    const tally = steps.takeTally();
    return code === 0 && tally !== undefined;
  });
}

function besideCode(root: string): string[] {
  return filesOf(root, '{packages,apps,bench}/**/*.test.{ts,tsx}', 'tools/**/!(tidy).test.ts');
}

/** Such a test says so itself, by its import. */
function needsDatabase(root: string, file: string): boolean {
  return /tests\/support\/(database|fhir-house)\.ts'/.test(readFileSync(join(root, file), 'utf8'));
}

function filesOf(root: string, ...patterns: readonly string[]): string[] {
  const isInstalled = (path: string) => path.includes('node_modules');
  return globSync([...patterns], { cwd: root, exclude: isInstalled }).sort();
}
