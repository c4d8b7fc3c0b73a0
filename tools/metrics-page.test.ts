import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CATALOGUE } from '../packages/vitals/src/catalogue.ts';
import { metricsPage, PAGE } from './metrics-page.ts';

test('docs/metrics.md is the catalogue; else: node_modules/.bin/node tools/metrics-page.ts', () => {
  assert.equal(readFileSync(PAGE, 'utf8'), metricsPage(CATALOGUE));
});

test('every metric stands once, as a reading or as a waveform', () => {
  const page = metricsPage(CATALOGUE);
  for (const { key } of CATALOGUE) {
    assert.equal(page.split(`\n| \`${key}\` |`).length, 2, key);
  }
});

test('no cell holds what would end it', () => {
  const rows = metricsPage(CATALOGUE)
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  const widths = new Set(rows.map((row) => row.split('|').length));
  assert.deepEqual([...widths].sort(), [6, 9]);
});
