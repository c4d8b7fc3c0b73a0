// Time and chance are parameters: packages and the server's line, telemetry and alarms never reach for
// a clock, a timer or a random number themselves. main.ts hands them in.
import { type Finding, isGlobal, isTest, lineAt, type SourceFile, walk } from './source-file.ts';

const PURE_ROOMS = /^(packages\/|apps\/server\/src\/(line|telemetry|alarms)\/)/;

/** Globals that are impure however they are used, were it only to hand them on. */
const IMPURE_GLOBALS = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'requestAnimationFrame',
  'performance',
  'Temporal',
  'crypto',
];

const IMPURE_MEMBERS = [
  ['Date', 'now'],
  ['Math', 'random'],
  ['process', 'hrtime'],
  ['process', 'uptime'],
] as const;

const IMPURE_MODULES = /^(node:)?(timers|timers\/promises|perf_hooks)$/;
const IMPURE_IMPORTS = [
  'randomBytes',
  'randomInt',
  'randomUUID',
  'randomFillSync',
  'getRandomValues',
];

export function findImpure(files: readonly SourceFile[]): Finding[] {
  return files
    .filter(({ path }) => PURE_ROOMS.test(path) && !isTest(path))
    .flatMap((file) => impureUses(file));
}

function impureUses(file: SourceFile): Finding[] {
  const findings: Finding[] = [];
  walk(file, (node) => {
    const what = impurityOf(node);
    if (what === undefined) return;
    const line = lineAt(file, node.span?.start ?? 1);
    findings.push(`${file.path}:${line} uses ${what}: take it as a parameter`);
  });
  return findings;
}

function impurityOf(node: { readonly type: string; readonly [key: string]: unknown }) {
  const callee = node['callee'];
  switch (node.type) {
    case 'Identifier':
      return IMPURE_GLOBALS.find((name) => isGlobal(node, name));
    case 'MemberExpression':
      return memberImpurity(node);
    case 'NewExpression':
      // `new Date(stamp)` only reads its argument.
      return isGlobal(callee, 'Date') && argumentsOf(node).length === 0 ? 'new Date()' : undefined;
    case 'CallExpression':
      return isGlobal(callee, 'Date') ? 'Date()' : undefined;
    case 'ImportDeclaration':
      return importImpurity(node);
    default:
      return undefined;
  }
}

function memberImpurity(node: { readonly [key: string]: unknown }): string | undefined {
  const property = (node['property'] as { value?: unknown }).value;
  const member = IMPURE_MEMBERS.find(
    ([object, name]) => isGlobal(node['object'], object) && property === name,
  );
  if (member !== undefined) return member.join('.');
  const reachesAround =
    isGlobal(node['object'], 'globalThis') && IMPURE_GLOBALS.includes(`${property}`);
  return reachesAround ? `globalThis.${property}` : undefined;
}

function importImpurity(node: { readonly [key: string]: unknown }): string | undefined {
  if (node['typeOnly'] === true) return undefined;
  const source = (node['source'] as { value: string }).value;
  if (IMPURE_MODULES.test(source)) return source;
  const specifiers = node['specifiers'] as { local: Named; imported?: Named | null }[];
  return specifiers
    .map(({ local, imported }) => (imported ?? local).value)
    .find((name) => source.endsWith('crypto') && IMPURE_IMPORTS.includes(name));
}

interface Named {
  readonly value: string;
}

function argumentsOf(node: { readonly [key: string]: unknown }): unknown[] {
  return Array.isArray(node['arguments']) ? node['arguments'] : [];
}
