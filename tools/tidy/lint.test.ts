// Half of the lint rules that we count on are in Biome's nursery: an upgrade may rename or drop them
// without a word. So a sample that breaks each of them must be refused for each of them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const SAMPLE = `
import { Stats } from 'node:fs';
type Priority = 'low' | 'high';
export function repeats(priority: Priority): number {
  switch (priority) {
    case 'low':
      return 1;
  }
  return 2;
}
async function send(stats: Stats): Promise<Stats> { return stats; }
export function sendAll(all: Stats[]): void {
  send(all[0]!);
  all.forEach(async (each) => { await send(each); });
}
export const anything: any = 1;
console.log(anything);
export enum Phase { Quiet }
export default repeats;
export * from './sample.ts';
`;

const RULES = [
  'nursery/noFloatingPromises',
  'nursery/noMisusedPromises',
  'nursery/useExhaustiveSwitchCases',
  'performance/noReExportAll',
  'style/noDefaultExport',
  'style/noEnum',
  'style/noNonNullAssertion',
  'style/useImportType',
  'suspicious/noConsole',
  'suspicious/noExplicitAny',
];

test('each lint rule that we count on refuses what it is for', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ausculta-lint-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  copyFileSync(join(ROOT, 'biome.json'), join(folder, 'biome.json'));
  writeFileSync(join(folder, 'sample.ts'), SAMPLE);
  const biome = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');
  const args = [biome, 'lint', '--vcs-enabled=false', '--max-diagnostics=none', 'sample.ts'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  const silent = RULES.filter((rule) => !`${stdout}${stderr}`.includes(` lint/${rule} `));
  assert.deepEqual(silent, [], stderr);
});
