import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const TOOLS = fileURLToPath(new URL('.', import.meta.url));

/** Runs `body` in a process of its own, as the house does, with test files `a`, `b` … beside it. */
function run(
  t: TestContext,
  files: readonly string[],
  env: Record<string, string> = {},
  timeoutMs = 5_000,
) {
  const folder = mkdtempSync(join(tmpdir(), 'ausculta-steps-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const names = files.map((text, index) => {
    const name = join(folder, `${index}.test.mjs`);
    writeFileSync(name, `import { test } from 'node:test';\n${text}`);
    return name;
  });
  const script = `
    import { Steps } from '${TOOLS}steps.ts';
    import { runTests } from '${TOOLS}test-runs.ts';
    const steps = new Steps('${folder}');
    const run = { timeoutMs: ${timeoutMs}, concurrency: 1 };
    await runTests(steps, { ...run, name: 'first', files: ${JSON.stringify(names.slice(0, 1))} });
    await runTests(steps, { ...run, name: 'second', files: ${JSON.stringify(names.slice(1))} });
    await steps.run('third', async () => ${env['THIRD'] ?? 'true'});
    process.exitCode = steps.finish();`;
  const { NODE_TEST_CONTEXT: _inherited, CI: _ci, ...outside } = process.env;
  const answer = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    env: { ...outside, ...env },
  });
  return { code: answer.status, last: answer.stdout.trim().split('\n').at(-1), ...answer };
}

const PASS = "test('well', () => {});";
const FAIL = "test('ill', () => { throw new Error('ill'); });";
const SKIP = "test('left out', { skip: 'no recordings' }, () => {});";

test('all runs are added up in the last line', (t) => {
  const { code, last } = run(t, [PASS + PASS, PASS]);
  assert.equal(last, '3 passed, 0 failed');
  assert.equal(code, 0);
});

test('a failure in the first run fails the whole, and the second runs all the same', (t) => {
  const { code, last, stdout } = run(t, [PASS + FAIL, PASS]);
  assert.equal(last, '2 passed, 1 failed');
  assert.match(stdout, /Failed: first\n/);
  assert.equal(code, 1);
});

test('a file that leaves something running is ended and told of, whatever its tests were', (t) => {
  const { code, stdout } = run(t, [`${PASS} setInterval(() => {}, 100);`, PASS], {}, 700);
  assert.match(stdout, /did not end within 2.1 s/);
  assert.match(stdout, /Failed: first\n/);
  assert.equal(code, 1);
});

test('a test file that cannot be read is a failure', (t) => {
  const { code, last } = run(t, [PASS, 'import "./missing.mjs";']);
  assert.equal(last, '1 passed, 1 failed');
  assert.equal(code, 1);
});

test('a check that fails is counted, so that no failed run says "0 failed"', (t) => {
  const { code, last } = run(t, [PASS], { THIRD: 'false' });
  assert.equal(last, '1 passed, 1 failed');
  assert.equal(code, 1);
});

test('a skipped test is said with its reason, and is a failure with CI=true', (t) => {
  const outside = run(t, [PASS + SKIP]);
  assert.equal(outside.last, '1 passed, 0 failed, 1 skipped');
  assert.match(outside.stdout, /Skipped: left out: no recordings\n/);
  assert.equal(outside.code, 0);
  const inCi = run(t, [PASS + SKIP], { CI: 'true' });
  assert.equal(inCi.last, '1 passed, 1 failed');
  assert.equal(inCi.code, 1);
});

test('data-driven cases are counted; without the data they skip, and fail with CI=true', (t) => {
  const file = `
    import { dataTest } from '${TOOLS}test-data.ts';
    dataTest({ dataset: 'present', name: 'reads all', cases: 3 }, () => {});
    dataTest({ dataset: 'absent', name: 'reads nothing' }, () => {});`;
  const env = { AUSCULTA_SHARED_DIR: sharedFolderWith(t, 'present') };
  const outside = run(t, [file], env);
  assert.match(outside.stdout, /Data-driven cases run: 3\n/);
  assert.match(outside.stdout, /Skipped: reads nothing: recordings "absent" not found/);
  assert.equal(outside.last, '1 passed, 0 failed, 1 skipped');
  assert.equal(run(t, [file], { ...env, CI: 'true' }).last, '1 passed, 1 failed');
});

function sharedFolderWith(t: TestContext, dataset: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'ausculta-shared-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'data', dataset), { recursive: true });
  return folder;
}
