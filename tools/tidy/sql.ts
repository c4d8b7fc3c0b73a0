// SQL is a named sentence and lives in its room's store.ts, so that a reader of the database's life
// has one place a room to look at.
import {
  type Finding,
  isTest,
  lineAt,
  type SourceFile,
  type SyntaxNode,
  walk,
} from './source-file.ts';

const MAY_SPEAK_SQL = /(^|\/)([a-z0-9-]+-)?store\.ts$|\/migrations\//;

/** Whole sentences, from the first word: advice that quotes SQL to a person is English. */
const SENTENCE =
  /^\s*(SELECT\s|WITH\s+\w+\s+AS\s|INSERT\s+INTO\s|UPDATE\s+[\w."]+\s+SET\s|DELETE\s+FROM\s|(CREATE|ALTER|DROP)\s+(TABLE|INDEX|SCHEMA|POLICY|FUNCTION|TYPE)\s)/;

export function findStraySql(files: readonly SourceFile[]): Finding[] {
  return files
    .filter(({ path }) => /^(packages|apps)\//.test(path))
    .filter(({ path }) => !isTest(path) && !MAY_SPEAK_SQL.test(path))
    .flatMap((file) => straySql(file));
}

function straySql(file: SourceFile): Finding[] {
  const findings: Finding[] = [];
  walk(file, (node) => {
    if (!isTaggedSql(node) && !SENTENCE.test(textOf(node))) return;
    const line = lineAt(file, node.span?.start ?? 1);
    findings.push(`${file.path}:${line} speaks SQL: move the sentence to the room's store.ts`);
  });
  // A tagged template is also a template: one finding a line is enough.
  return [...new Set(findings)];
}

function isTaggedSql(node: SyntaxNode): boolean {
  if (node.type !== 'TaggedTemplateExpression') return false;
  const tag = node['tag'] as { value?: unknown };
  return typeof tag.value === 'string' && /^(sql|tx|transaction)$/i.test(tag.value);
}

function textOf(node: SyntaxNode): string {
  if (node.type === 'StringLiteral') return String(node['value']);
  if (node.type !== 'TemplateLiteral') return '';
  const quasis = node['quasis'] as { raw: string }[] | undefined;
  return quasis?.map(({ raw }) => raw).join(' ? ') ?? '';
}
