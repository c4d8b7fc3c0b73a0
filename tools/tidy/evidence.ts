// Things that must not stand alone: a fault without its explanation, a codec without a test, a
// clinical rule without the paper it comes from.
import { basename, dirname } from 'node:path';
import { type Finding, isTest, type SourceFile } from './source-file.ts';

/** docs/faults.md explains every code in a heading or a table's first cell: `CODE`. */
export function findUnexplainedFaults(codes: readonly string[], document: string): Finding[] {
  const cells = document.matchAll(/^(?:#+\s+|\|\s*)`([A-Z][A-Z0-9_]+)`/gm);
  const explained = [...cells].map((cell) => cell[1] ?? '');
  return [
    ...codes
      .filter((code) => !explained.includes(code))
      .map((code) => `docs/faults.md does not explain ${code}`),
    ...explained
      .filter((code) => !codes.includes(code))
      .map((code) => `docs/faults.md explains ${code}, which is no fault`),
    ...explained
      .filter((code, index) => explained.indexOf(code) < index)
      .map((code) => `docs/faults.md explains ${code} twice`),
  ];
}

/**
 * Every row of docs/hazards.md is | id | hazard | control | `test` |, and the test exists: a hazard
 * that nothing holds, or a hold that nothing shows, is an orphan.
 */
export function findOrphanHazards(document: string, exists: (path: string) => boolean): Finding[] {
  const rows = document.split('\n').filter((line) => /^\|\s*H\d/.test(line));
  if (rows.length === 0) return ['docs/hazards.md has no hazard'];
  return rows.flatMap((row) => {
    const [id = '', hazard = '', control = '', tests = ''] = row
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    const named = [...tests.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
    return [
      ...(hazard === '' || control === '' ? [`docs/hazards.md: ${id} has no control`] : []),
      ...(named.length === 0 ? [`docs/hazards.md: ${id} names no test`] : []),
      ...named
        .filter((path) => !isTest(path) || !exists(path))
        .map((path) => `docs/hazards.md: ${id} names ${path}, which is no test`),
    ];
  });
}

/**
 * In other tables of promises each row begins with its id, such as T7, and names in its last cell the tests that
 * show it; and every test that the page names anywhere is there.
 */
export function findUnshownPromises(
  { path, text }: SourceFile,
  id: RegExp,
  exists: (path: string) => boolean,
): Finding[] {
  const rows = text.split('\n').filter((line) => id.test(line));
  const testsIn = (part: string) =>
    [...part.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, name = '']) => name);
  const shown = (row: string) => testsIn(row.split('|').at(-2) ?? '').length > 0;
  const nameOf = (row: string) => row.split('|')[1]?.trim() ?? '';
  const ids = rows.map(nameOf);
  return [
    ...(rows.length === 0 ? [`${path} promises nothing`] : []),
    ...rows.filter((row) => !shown(row)).map((row) => `${path}: ${nameOf(row)} names no test`),
    ...ids.filter((one, at) => ids.indexOf(one) < at).map((one) => `${path} has ${one} twice`),
    ...testsIn(text)
      .filter((name) => !exists(name))
      .map((name) => `${path} names ${name}, which is no test`),
  ];
}

/**
 * A codec is a file of the room that no other one imports; what several codecs share is tried through
 * them. `wfdb-fields.ts` may be covered by `wfdb.test.ts`, or by a recorded `fixtures/wfdb-100.dat`.
 */
export function findUntestedCodecs(files: readonly SourceFile[]): Finding[] {
  const room = files.filter(({ path }) => path.startsWith('packages/codecs/'));
  const evidence = room
    .filter(({ path }) => isTest(path) || path.includes('/fixtures/'))
    .map(({ path }) => basename(path).replace(/\..*$/, ''));
  const sources = room.filter(({ path }) => isCodecSource(path));
  const imported = sources.flatMap(({ text }) => [...text.matchAll(/from '\.\/([\w-]+)\.ts'/g)]);
  const shared = new Set(imported.map((match) => match[1]));
  return sources
    .map(({ path }) => basename(path, '.ts'))
    .filter((name) => !shared.has(name) && !evidence.some((each) => covers(each, name)))
    .map((name) => `packages/codecs/src/${name}.ts has neither a test nor a fixture beside it`);
}

function isCodecSource(path: string): boolean {
  return dirname(path) === 'packages/codecs/src' && path.endsWith('.ts') && !isTest(path);
}

function covers(evidence: string, codec: string): boolean {
  return evidence === codec || codec.startsWith(`${evidence}-`) || evidence.startsWith(`${codec}-`);
}

const SOURCE = /doi\.org|doi:|PMID|PMC\d|ISBN|https:\/\/|\b(IEC|ISO|IEEE|AAMI|RFC)[ -]\d|et al\./i;

/** One paper, one file: without its source nobody can check a rule that decides about a patient. */
export function findUncited(files: readonly SourceFile[]): Finding[] {
  return files
    .filter(({ path }) => path.startsWith('packages/clinical/src/') && !isTest(path))
    .filter(({ text }) => !SOURCE.test(commentsOf(text)))
    .map(({ path }) => `${path} cites no source`);
}

function commentsOf(text: string): string {
  return [...text.matchAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm)].map((comment) => comment[0]).join('\n');
}
