// Who may import whom: the table of rooms in ARCHITECTURE.md, as rules. Tests beside the code may
// reach further (node:test, fast-check, tools/test-data.ts), so most rules leave them out.
import { Visitor } from '@swc/core/Visitor.js';

// swc's own visitor throws at `using` declarations. They declare variables like any other.
const visitStatement = Visitor.prototype.visitStatement;
Visitor.prototype.visitStatement = function visitStatementOrUsing(statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement);
  return { ...statement, decls: this.visitVariableDeclarators(statement.decls) };
};

const TEST = String.raw`\.(test|long|bench)\.tsx?$`;
const PACKAGE = '^packages/([^/]+)/src/';
const ROOM = '^apps/server/src/([^/]+)/';

/** The pure npm libraries that a package may build on, because they are the field's own. */
const PURE_LIBRARIES = '^node_modules/(zod|@medplum/core|@medplum/fhirtypes)/';

const rooms = [
  {
    name: 'vitals-imports-nothing',
    comment: 'The vocabulary is ring 0: whoever reads it needs to read nothing else.',
    from: { path: '^packages/vitals/src/', pathNot: TEST },
    to: { pathNot: '^packages/vitals/src/' },
  },
  {
    name: 'package-knows-vitals-only',
    comment:
      'A package of ring 1 knows itself and vitals. What two of them share belongs to neither.',
    from: { path: PACKAGE, pathNot: [TEST, '^packages/(vitals|rules)/'] },
    to: { path: '^packages/', pathNot: ['^packages/vitals/src/', '^packages/$1/src/'] },
  },
  {
    name: 'rules-know-clinical-too',
    from: { path: '^packages/rules/src/', pathNot: TEST },
    to: { path: '^packages/', pathNot: '^packages/(vitals|clinical|rules)/src/' },
  },
  {
    name: 'package-is-pure',
    comment:
      'A package runs in the browser and on the server: no Node built-in, no impure library.',
    from: { path: '^packages/', pathNot: TEST },
    to: { pathNot: ['^packages/', PURE_LIBRARIES] },
  },
  {
    name: 'line-imports-packages-only',
    comment: 'THE LINE does no I/O: what it needs from the world comes as a record of functions.',
    from: { path: '^apps/server/src/line/', pathNot: TEST },
    to: { pathNot: ['^packages/', '^apps/server/src/line/'] },
  },
  {
    name: 'internal-is-private',
    comment: 'Rooms meet at their top-level files; internal/ is nobody else’s business.',
    from: { path: ROOM },
    to: { path: '^apps/server/src/[^/]+/internal/', pathNot: '^apps/server/src/$1/internal/' },
  },
  {
    name: 'internal-of-a-package-is-private',
    from: { pathNot: '^packages/[^/]+/' },
    to: { path: '^packages/[^/]+/src/internal/' },
  },
  {
    name: 'main-is-the-root',
    comment: 'main.ts wires the parts; a part that imported it would wire itself.',
    from: {},
    to: { path: '^apps/[^/]+/src/(main|demo)\\.ts$' },
  },
  {
    name: 'apps-never-import-each-other',
    comment: 'Apps speak to each other over a wire, in the words of packages/contract.',
    from: { path: '^apps/([^/]+)/', pathNot: TEST },
    to: { path: '^apps/', pathNot: '^apps/$1/' },
  },
  {
    name: 'web-runs-in-a-browser',
    from: { path: '^apps/web/src/', pathNot: TEST },
    to: { dependencyTypes: ['core'] },
  },
];

const house = [
  { name: 'no-cycles', from: {}, to: { circular: true } },
  { name: 'no-unresolved-import', from: {}, to: { couldNotResolve: true } },
  {
    name: 'no-test-in-production',
    from: { pathNot: [TEST, '^(tests|bench|tools)/'] },
    to: { path: [TEST, '^(tests|bench|tools)/'] },
  },
  {
    name: 'no-development-dependency-in-production',
    from: { path: '^(packages|apps)/[^/]+/src/', pathNot: TEST },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'type-only'] },
  },
  {
    name: 'no-undeclared-dependency',
    from: { path: '^(packages|apps)/' },
    to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
  },
];

export default {
  forbidden: [...rooms, ...house].map((rule) => ({ severity: 'error', ...rule })),
  options: {
    parser: 'swc',
    // TypeScript 7 cannot be asked for a syntax tree; @swc/core reads the files instead.
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.d.ts'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
