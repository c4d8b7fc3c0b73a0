// Runs the steps of a command one after another, never stopping at the first failure, and ends with
// one line that says how it went.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tally } from './tally-reporter.ts';

/** With CI=true nothing may be skipped: a test that did not run has not passed. */
const isCi = process.env.CI === 'true';

export class Steps {
  readonly root: string;
  readonly #scratch = mkdtempSync(join(tmpdir(), 'ausculta-test-'));
  readonly #failed: string[] = [];
  readonly #tallies: Tally[] = [];
  readonly #skipped: string[] = [];

  constructor(root: string) {
    this.root = root;
  }

  /** Every data-driven test appends a line here; see test-data.ts. */
  get dataCasesFile(): string {
    return join(this.#scratch, 'data-cases');
  }

  get tallyFile(): string {
    return join(this.#scratch, 'tally.json');
  }

  async run(name: string, step: () => Promise<boolean>): Promise<boolean> {
    process.stdout.write(`\n▶ ${name}\n`);
    const startedMs = performance.now();
    const passed = await step();
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    process.stdout.write(`${passed ? '✔' : '✖'} ${name} (${seconds} s)\n`);
    if (!passed) this.#failed.push(name);
    return passed;
  }

  /** What the reporter counted in one run of node --test; no file means that the runner itself fell. */
  takeTally(): Tally | undefined {
    try {
      const tally = JSON.parse(readFileSync(this.tallyFile, 'utf8')) as Tally;
      this.#tallies.push(tally);
      return tally;
    } catch {
      return undefined;
    } finally {
      rmSync(this.tallyFile, { force: true });
    }
  }

  /** Tests that were not even started, with the reason. */
  skip(count: number, reason: string): void {
    for (let index = 0; index < count; index += 1) this.#skipped.push(reason);
    process.stdout.write(`\n⚠ skipped: ${reason}\n`);
  }

  /** Prints the last lines and answers with the exit code. */
  finish(): number {
    const sum = { passed: 0, failed: 0 };
    for (const tally of this.#tallies) {
      sum.passed += tally.passed;
      sum.failed += tally.failed;
      this.#skipped.push(...tally.skipped);
    }
    // A failed check counts as one failure, so that the last line never says "0 failed" of a failed run.
    const testSteps = this.#tallies.filter((tally) => tally.failed > 0).length;
    const failed = sum.failed + Math.max(0, this.#failed.length - testSteps);
    const skippedInCi = isCi && this.#skipped.length > 0;
    process.stdout.write('\n');
    if (this.#failed.length > 0) process.stdout.write(`Failed: ${this.#failed.join(', ')}\n`);
    for (const reason of new Set(this.#skipped)) process.stdout.write(`Skipped: ${reason}\n`);
    if (skippedInCi) process.stdout.write('CI=true: a skipped test is a failed one\n');
    process.stdout.write(`Data-driven cases run: ${this.#countDataCases()}\n`);
    const counted = skippedInCi
      ? { failed: failed + this.#skipped.length, skipped: 0 }
      : { failed, skipped: this.#skipped.length };
    const tail = counted.skipped > 0 ? `, ${counted.skipped} skipped` : '';
    process.stdout.write(`${sum.passed} passed, ${counted.failed} failed${tail}\n`);
    rmSync(this.#scratch, { recursive: true, force: true });
    return counted.failed > 0 ? 1 : 0;
  }

  #countDataCases(): number {
    try {
      const lines = readFileSync(this.dataCasesFile, 'utf8').trim().split('\n');
      return lines.reduce((sum, line) => sum + Number(line.split('\t')[1] ?? 0), 0);
    } catch {
      return 0;
    }
  }
}
