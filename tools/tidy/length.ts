// A ratchet on length: no file over 400 lines, no function over 70. What is longer today is written
// down in ratchet.json with its length and may only shrink; an entry that is no longer needed must go.
import { type Finding, lineAt, type SourceFile, type SyntaxNode, walk } from './source-file.ts';

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;

/** `path` or `path#line-of-name` → the length that was once accepted. */
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

function functionsOf(file: SourceFile): { name: string; lines: number }[] {
  // A suite is a function in name only: it is a chapter, and its tests are the functions.
  if (file.path.includes('.test.')) return [];
  const found: { name: string; lines: number }[] = [];
  let variable = '';
  walk(file, (node) => {
    // A function expression is known by the variable, constant or call argument that holds it.
    if (node.type === 'VariableDeclarator') variable = nameOf(node['id']);
    if (![...FUNCTIONS, ...METHODS].includes(node.type) || node.span === undefined) return;
    const name = nameOf(node['identifier']) || nameOf(node['key']) || variable || '(anonymous)';
    const lines = lineAt(file, node.span.end) - lineAt(file, node.span.start) + 1;
    if (lines > FUNCTION_LINES_MAX) found.push({ name, lines });
  });
  return found;
}

function nameOf(node: unknown): string {
  const named = node as (SyntaxNode & { id?: SyntaxNode }) | undefined | null;
  const value = named?.['value'] ?? named?.id?.['value'];
  return typeof value === 'string' ? value : '';
}
