// A reporter for node --test that writes what it counted as one JSON object, for steps.ts to add up.
import type { TestEvent } from 'node:test/reporters';

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** One line for each skipped test: its name and why. */
  readonly skipped: readonly string[];
}

export default async function* tallyReporter(source: AsyncIterable<TestEvent>) {
  let counts = { passed: 0, failed: 0 };
  const skipped: string[] = [];
  for await (const event of source) {
    if (event.type === 'test:pass' && event.data.skip !== undefined) {
      const reason = typeof event.data.skip === 'string' ? `: ${event.data.skip}` : '';
      skipped.push(`${event.data.name}${reason}`);
    }
    // Each file has a summary of its own; the one without a file is the whole run's.
    if (event.type === 'test:summary' && event.data.file === undefined) {
      const { passed, failed, cancelled } = readCounts(event.data.counts);
      counts = { passed, failed: failed + cancelled };
    }
  }
  yield JSON.stringify({ ...counts, skipped } satisfies Tally);
}

function readCounts(counts: object) {
  const { passed = 0, cancelled = 0, failed = 0 } = counts as Record<string, number>;
  return { passed, cancelled, failed };
}
