// A ratchet on length: no file over 400 lines, no function over 70. What is longer today is written
// down in ratchet.json with its length and may only shrink; an entry that is no longer needed must go.
import { type Finding, lineAt, type SourceFile, type SyntaxNode, walk } from './source-file.ts';

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;

/** `path` or `path#name` → the length that was once accepted. */
export type Ratchet = Readonly<Record<string, number>>;

export function findLong(files: readonly SourceFile[], ratchet: Ratchet): Finding[] {
  const findings: Finding[] = [];
  const lengths = new Map<string, { lines: number; max: number }>();
  for (const file of files) {
    lengths.set(file.path, { lines: countLines(file.text), max: FILE_LINES_MAX });
    for (const { name, lines } of functionsOf(file)) {
      const key = `${file.path}#${name}`;
      const longest = Math.max(lines, lengths.get(key)?.lines ?? 0);
      lengths.set(key, { lines: longest, max: FUNCTION_LINES_MAX });
    }
  }
  for (const [key, { lines, max }] of lengths) {
    const accepted = ratchet[key] ?? max;
    if (lines > accepted) findings.push(`${key} has ${lines} lines, at most ${accepted}: split it`);
  }
  for (const [key, accepted] of Object.entries(ratchet)) {
    const length = lengths.get(key);
    if (length === undefined || length.lines <= length.max) {
      findings.push(`ratchet.json: ${key} is no longer too long, remove it`);
    } else if (length.lines < accepted) {
      findings.push(`ratchet.json: ${key} has shrunk to ${length.lines}, say so`);
    }
  }
  return findings;
}

function countLines(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

const FUNCTIONS = ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'];
const METHODS = ['ClassMethod', 'PrivateMethod', 'MethodProperty', 'Constructor'];

/** A group of tests is a heading rather than a function: each test in it is measured for itself. */
const HEADINGS = ['describe', 'suite'];

function functionsOf(file: SourceFile): { name: string; lines: number }[] {
  const found: { name: string; lines: number }[] = [];
  const names = new Map<unknown, string>();
  const headings = new Set<unknown>();
  walk(file, (node) => {
    if (node.type === 'VariableDeclarator') names.set(node['init'], nameOf(node['id']));
    if (node.type === 'CallExpression') {
      const callee = nameOf(node['callee']);
      for (const given of argumentsOf(node)) {
        names.set(given, nameOf(argumentsOf(node)[0]) || callee);
        if (HEADINGS.includes(callee)) headings.add(given);
      }
    }
    if (![...FUNCTIONS, ...METHODS].includes(node.type) || node.span === undefined) return;
    const own = nameOf(node['identifier']) || nameOf(node['key']);
    const name = own || names.get(node) || '(anonymous)';
    const lines = lineAt(file, node.span.end) - lineAt(file, node.span.start) + 1;
    if (lines > FUNCTION_LINES_MAX && !headings.has(node)) found.push({ name, lines });
  });
  return found;
}

function argumentsOf(node: SyntaxNode): unknown[] {
  const given = node['arguments'] as { expression: unknown }[] | undefined;
  return given?.map(({ expression }) => expression) ?? [];
}

function nameOf(node: unknown): string {
  const named = node as (SyntaxNode & { id?: SyntaxNode }) | undefined | null;
  const value = named?.['value'] ?? named?.id?.['value'];
  return typeof value === 'string' ? value : '';
}
