// Words that do not belong into the project: the places of one machine, notes to oneself, names that
// say nothing.
import { basename } from 'node:path';
import { type Finding, isTest, type SourceFile } from './source-file.ts';

const FORBIDDEN = [
  { pattern: /(?<![\w.*/])\/(work|root|home\/\w+|Users\/\w+)\/\w/, what: 'a path of one machine' },
  { pattern: /\bregistry\.npm(js|mirror)\b/, what: 'the address of a package registry' },
  { pattern: /\b(TO[D]O|FIX[M]E|X[X]X)\b/, what: 'a note to oneself: open an issue instead' },
];

export function findForbiddenWords(files: readonly SourceFile[]): Finding[] {
  return files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, index) =>
        FORBIDDEN.filter(({ pattern }) => pattern.test(line)).map(
          ({ what }) => `${path}:${index + 1} contains ${what}`,
        ),
      ),
  );
}

const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|long|bench|config|d))?\.(ts|tsx|mjs)$/;
const SAYS_NOTHING = /(^|\/)(utils?|common|core|helpers?|managers?|misc)(\/|\.tsx?$)/;

export function findPoorNames(paths: readonly string[]): Finding[] {
  return [
    ...paths.filter((path) => !KEBAB.test(basename(path))).map((path) => `${path}: use kebab-case`),
    ...paths
      .filter((path) => SAYS_NOTHING.test(path) && !isTest(path))
      .map((path) => `${path}: name the idea; this name says nothing`),
  ];
}
