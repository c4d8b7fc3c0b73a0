#!/usr/bin/env node
// `npx ausculta …`: runs under any Node from 20 on, and hands over to the project's own Node 24, which
// runs TypeScript directly.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const NEEDED_NODE_MAJOR = 24;
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const PINNED = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));

/** @param {string | undefined} version */
function majorOf(version) {
  return Number(/^v?(\d+)\./.exec(version ?? '')?.[1] ?? 0);
}

function findNode() {
  if (majorOf(process.versions.node) >= NEEDED_NODE_MAJOR) return process.execPath;
  if (!existsSync(PINNED)) return undefined;
  const { stdout } = spawnSync(PINNED, ['--version'], { encoding: 'utf8' });
  return majorOf(stdout) >= NEEDED_NODE_MAJOR ? PINNED : undefined;
}

const node = findNode();
if (node === undefined) {
  process.stderr.write(
    `ausculta: this is Node ${process.versions.node}, and Node ${NEEDED_NODE_MAJOR} is needed: run npm install, or install Node ${NEEDED_NODE_MAJOR} from https://nodejs.org.\n`,
  );
  process.exitCode = 1;
} else {
  const child = spawn(node, [MAIN, ...process.argv.slice(2)], { stdio: 'inherit' });
  // Ctrl-C reaches the child by itself; we only wait for it.
  process.on('SIGINT', () => {});
  child.on('close', (code, signal) => {
    process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  });
}
