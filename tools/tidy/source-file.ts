// The files that tidiness is asked of, and their syntax trees.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from '@swc/core';

export interface SourceFile {
  /** From the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** A checker says what is wrong, one finding a line; silence is praise. */
export type Finding = string;

const CODE = ['{packages,apps}/*/{src,bin}/**/*.{ts,tsx,mjs}', '{tools,bench,tests}/**/*.{ts,mjs}'];

export function readCode(root: string): SourceFile[] {
  return readFiles(root, CODE);
}

export function readFiles(root: string, patterns: readonly string[]): SourceFile[] {
  return listFiles(root, patterns).map((path) => ({
    path,
    text: readFileSync(join(root, path), 'utf8'),
  }));
}

export function listFiles(root: string, patterns: readonly string[]): string[] {
  return globSync(patterns, { cwd: root, exclude: isForeign }).sort();
}

function isForeign(path: string): boolean {
  return /(^|\/)(node_modules|dist|generated)(\/|$)/.test(path);
}

export function isTest(path: string): boolean {
  return /\.(test|long|bench)\.tsx?$/.test(path) || path.startsWith('tests/');
}

/** A node of swc's tree, as far as the checkers look. */
export interface SyntaxNode {
  readonly type: string;
  readonly span?: { readonly start: number; readonly end: number };
  readonly [property: string]: unknown;
}

/** Calls `visit` with every node of the file, parents before children. */
export function walk(file: SourceFile, visit: (node: SyntaxNode) => void): void {
  const tsx = file.path.endsWith('x');
  visitAll(parseSync(file.text, { syntax: 'typescript', tsx }), visit);
}

function visitAll(value: unknown, visit: (node: SyntaxNode) => void): void {
  if (Array.isArray(value)) {
    for (const each of value) visitAll(each, visit);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (isNode(value)) visit(value);
  for (const child of Object.values(value)) visitAll(child, visit);
}

function isNode(value: object): value is SyntaxNode {
  return 'type' in value && typeof value.type === 'string';
}

/** swc counts bytes from 1; a line is what the reader looks for. */
export function lineAt(file: SourceFile, offset: number): number {
  const before = Buffer.from(file.text).subarray(0, offset - 1);
  let line = 1;
  for (const byte of before) if (byte === 0x0a) line += 1;
  return line;
}

/**
 * swc resolves names for us: a name that no import, parameter or declaration of this file binds is
 * one of the platform's globals, and carries this context.
 */
const GLOBAL_CONTEXT = 1;

export function isGlobal(node: unknown, name: string): boolean {
  if (typeof node !== 'object' || node === null) return false;
  const { type, value, ctxt } = node as Record<string, unknown>;
  return type === 'Identifier' && value === name && ctxt === GLOBAL_CONTEXT;
}
