// Tests on recordings that are not part of the project: they lie in a folder beside it, named by
// AUSCULTA_SHARED_DIR. Where the folder is absent such a test is skipped and says so; with CI=true it
// fails. The runner's last lines say how many cases ran, so that nobody mistakes silence for success.
import assert from 'node:assert/strict';
import { appendFileSync, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

interface DataTest {
  /** The folder's name in the shared data, such as `ecg-mitdb`. */
  readonly dataset: string;
  readonly name: string;
  /** How many recordings, vectors or files this one test goes through. */
  readonly cases?: number;
}

/** A test on a shared data set; its body is given the data set's folder. */
export function dataTest(
  { dataset, name, cases = 1 }: DataTest,
  body: (directory: string, t: TestContext) => void | Promise<void>,
): void {
  const directory = sharedData(dataset);
  if (directory === undefined && process.env.CI !== 'true') {
    test(name, { skip: `${absence(dataset)}` }, () => {});
    return;
  }
  test(name, async (t) => {
    assert.ok(directory !== undefined, absence(dataset));
    await body(directory, t);
    countDataCases(dataset, cases);
  });
}

/** The folder of a shared data set, or undefined where it is absent. */
export function sharedData(dataset: string): string | undefined {
  const directory = join(sharedRoot(), 'data', dataset);
  return existsSync(directory) ? directory : undefined;
}

/** `../shared` beside the project, unless AUSCULTA_SHARED_DIR says otherwise. */
export function sharedRoot(): string {
  return resolve(ROOT, process.env.AUSCULTA_SHARED_DIR ?? '../shared');
}

/** Tells the runner of cases that ran. */
function countDataCases(dataset: string, cases: number): void {
  const file = process.env.AUSCULTA_DATA_CASES_FILE;
  // Short appends are atomic, so test files that run side by side may share the file.
  if (file !== undefined) appendFileSync(file, `${dataset}\t${cases}\n`);
}

function absence(dataset: string): string {
  return `recordings "${dataset}" not found in ${join(sharedRoot(), 'data')}: set AUSCULTA_SHARED_DIR`;
}
