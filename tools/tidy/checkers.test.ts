// A check that cannot fail checks nothing: each is given a bad sample, and the good one beside it.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findRegistryHosts, findUnpinned } from './dependencies.ts';
import {
  findOrphanHazards,
  findUncited,
  findUnexplainedFaults,
  findUnshownPromises,
  findUntestedCodecs,
} from './evidence.ts';
import { findLong } from './length.ts';
import { findImpure } from './purity.ts';
import { cruise, findUnseen } from './rooms.ts';
import type { SourceFile } from './source-file.ts';
import { findStraySql } from './sql.ts';
import { findWaysOut } from './ways-out.ts';
import { findForbiddenWords, findPoorNames } from './words.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function file(path: string, text: string): SourceFile {
  return { path, text };
}

const IMPURE = [
  'const at = Date.now();',
  'const at = new Date();',
  'const at = Date();',
  'const clock = { now: Date.now };',
  'const x = Math.random();',
  'setTimeout(() => {}, 5);',
  'const defer = setInterval;',
  'const at = performance.now();',
  'const id = crypto.randomUUID();',
  'globalThis.setTimeout(() => {}, 5);',
  "import { setTimeout } from 'node:timers/promises';",
  "import { randomBytes as noise } from 'node:crypto';",
  '// a comment before it\n/* é, more bytes than letters */ const at = Date.now();',
];

const PURE = [
  'const at = new Date(stampMs);',
  'const at = Date.parse(text);',
  'const x = Math.round(2.5);',
  '// setTimeout and Date.now() in a comment',
  "const text = 'Date.now()';",
  'export function start(setTimeout: Timer) { setTimeout(); }',
  'ports.setTimeout(5); const ports = { setTimeout: 1 };',
  "import { createHmac } from 'node:crypto';",
  "import type { setTimeout } from 'node:timers/promises';",
];

for (const text of IMPURE) {
  test(`impure in the line: ${text.split('\n').at(-1)}`, () => {
    for (const room of [
      'packages/rules/src/',
      'apps/server/src/line/',
      'apps/server/src/alarms/',
    ]) {
      assert.equal(findImpure([file(`${room}limit.ts`, text)]).length, 1, room);
    }
    assert.deepEqual(findImpure([file('apps/server/src/main.ts', text)]), []);
    assert.deepEqual(findImpure([file('packages/rules/src/limit.test.ts', text)]), []);
  });
}

for (const text of PURE) {
  test(`pure: ${text}`, () => {
    assert.deepEqual(findImpure([file('packages/rules/src/limit.ts', text)]), []);
  });
}

test('a finding names the line, in a file with letters of several bytes too', () => {
  const text = '// µ\n// é\nexport const at = Date.now();\n';
  assert.match(findImpure([file('packages/rules/src/limit.ts', text)])[0] ?? '', /limit\.ts:3 /);
});

const SQL = [
  'await sql`VACUUM`;',
  "const query = 'SELECT 1 FROM subjects';",
  'const query = `\n  INSERT INTO parked VALUES (1)`;',
  "await sql.unsafe('DELETE FROM log');",
  "const query = 'CREATE TABLE log (id bigint)';",
];

for (const text of SQL) {
  test(`SQL outside of store.ts is found: ${text}`, () => {
    assert.equal(findStraySql([file('apps/server/src/alarms/alarms.ts', text)]).length, 1);
    assert.deepEqual(findStraySql([file('apps/server/src/alarms/store.ts', text)]), []);
    assert.deepEqual(findStraySql([file('apps/server/src/alarms/alarms.test.ts', text)]), []);
  });
}

test('a mend that quotes SQL to a person is not SQL', () => {
  const text =
    "const mend = 'Run: ALTER ROLE x RESET fsync;'; const label = 'Select a bed from the list';";
  assert.deepEqual(findStraySql([file('apps/server/src/database/fitness.ts', text)]), []);
});

const WAYS_OUT = [
  "const answer = await fetch('https://elsewhere.example');",
  "import { request as requestHttp } from 'node:http';",
  "import https from 'node:https';",
  "import { connect } from 'node:net';",
  "import { createTransport } from 'nodemailer';",
  "import { fetch } from 'undici';",
  'const socket = new WebSocket(url);',
];

for (const text of WAYS_OUT) {
  test(`a way out beside the one is found: ${text}`, () => {
    assert.equal(findWaysOut([file('apps/server/src/alarms/alarms.ts', text)]).length, 1);
    assert.deepEqual(findWaysOut([file('apps/server/src/outgoing/outgoing.ts', text)]), []);
    assert.deepEqual(findWaysOut([file('apps/web/src/api/client.ts', text)]), []);
  });
}

test('mails go to an address that was looked at, or not at all', () => {
  const text = "import { createTransport } from 'nodemailer';";
  const path = 'apps/server/src/subscriptions/mail-relay.ts';
  assert.equal(findWaysOut([file(path, text)]).length, 1);
  assert.deepEqual(findWaysOut([file(path, `${text}\nawait pinnedAddress(host, ports);`)]), []);
});

function linesOf(count: number): string {
  return 'const a = 1;\n'.repeat(count);
}

test('a file of 400 lines is well, one of 401 is too long', () => {
  assert.deepEqual(findLong([file('a.ts', linesOf(400))], {}), []);
  assert.equal(findLong([file('a.ts', linesOf(401))], {}).length, 1);
});

test('a function of 70 lines is well, one of 71 is too long', () => {
  const shapes = [
    (body: string) => `function f() {\n${body}}\n`,
    (body: string) => `const f = () => {\n${body}};\n`,
    (body: string) => `class A { f() {\n${body}} }\n`,
    (body: string) => `const a = { f() {\n${body}} };\n`,
  ];
  for (const shape of shapes) {
    assert.deepEqual(findLong([file('a.ts', shape(linesOf(68)))], {}), []);
    assert.match(findLong([file('a.ts', shape(linesOf(69)))], {}).join(), /#f has 71 lines/);
  }
});

test('a long test is named by its sentence; a group of tests may be long', () => {
  const grouped = (heading: string) => `${heading}('the doors', () => {\n${linesOf(80)}});\n`;
  assert.match(findLong([file('a.test.ts', grouped('test'))], {}).join(), /#the doors has 82/);
  assert.deepEqual(findLong([file('a.test.ts', grouped('describe'))], {}), []);
});

test('the ratchet lets a long file be as long as it was, and must shrink with it', () => {
  const long = [file('a.ts', linesOf(410))];
  assert.deepEqual(findLong(long, { 'a.ts': 410 }), []);
  assert.match(findLong(long, { 'a.ts': 409 }).join(), /at most 409/);
  assert.match(findLong(long, { 'a.ts': 420 }).join(), /has shrunk to 410/);
  assert.match(findLong([file('a.ts', '')], { 'a.ts': 410 }).join(), /remove it/);
  assert.match(findLong([], { 'gone.ts': 410 }).join(), /remove it/);
});

test('faults and their document are held together in both directions', () => {
  const document = '# Faults\n| code | why |\n|---|---|\n| `NOT_FOUND` | … |\n### `SEAL_BROKEN`\n';
  assert.deepEqual(findUnexplainedFaults(['NOT_FOUND', 'SEAL_BROKEN'], document), []);
  assert.equal(findUnexplainedFaults(['NOT_FOUND', 'SEAL_BROKEN', 'NEW'], document).length, 1);
  assert.equal(findUnexplainedFaults(['NOT_FOUND'], document).length, 1);
  assert.match(
    findUnexplainedFaults(['NOT_FOUND', 'SEAL_BROKEN'], `${document}## \`NOT_FOUND\`\n`).join(),
    /twice/,
  );
});

test('a hazard without control or test is found', () => {
  const find = (row: string) =>
    findOrphanHazards(`| id |\n|---|\n${row}`, (path) => path === 'a.test.ts');
  assert.deepEqual(find('| H1 | lost | kept | `a.test.ts` |'), []);
  assert.match(find('').join(), /no hazard/);
  assert.match(find('| H1 | lost |  | `a.test.ts` |').join(), /H1 has no control/);
  assert.match(find('| H1 | lost | kept | later |').join(), /H1 names no test/);
  assert.match(find('| H1 | lost | kept | `gone.test.ts` |').join(), /gone\.test\.ts/);
  assert.match(find('| H1 | lost | kept | `a.ts` |').join(), /no test/);
});

test('a promise without a test, or twice, or with one that is not there, is found', () => {
  const find = (...rows: string[]) =>
    findUnshownPromises(
      file('page.md', rows.join('\n')),
      /^\|\s*T\d/,
      (path) => path === 'a.test.ts',
    );
  assert.deepEqual(find('| T1 | forged | looked up | `a.test.ts` |'), []);
  assert.match(find('').join(), /promises nothing/);
  assert.match(find('| T1 | forged | `a.test.ts` | later |').join(), /T1 names no test/);
  assert.match(find('| T1 | forged | looked up | `gone.test.ts` |').join(), /gone\.test\.ts/);
  const row = '| T1 | forged | looked up | `a.test.ts` |';
  assert.match(find(row, row).join(), /T1 twice/);
});

test('a codec without test or fixture is found', () => {
  const at = (...names: string[]) => names.map((name) => file(`packages/codecs/${name}`, ''));
  assert.equal(findUntestedCodecs(at('src/oru.ts')).length, 1);
  assert.equal(findUntestedCodecs(at('src/oru.ts', 'src/senml.test.ts')).length, 1);
  assert.deepEqual(findUntestedCodecs(at('src/oru.ts', 'src/oru.test.ts')), []);
  assert.deepEqual(findUntestedCodecs(at('src/oru.ts', 'src/fixtures/oru-glucose.hl7')), []);
  assert.deepEqual(findUntestedCodecs(at('src/wfdb-fields.ts', 'src/wfdb.test.ts')), []);
});

test('what codecs share is tried through them', () => {
  const shared = file('packages/codecs/src/flags.ts', '');
  const user = file('packages/codecs/src/oru.ts', "import { flag } from './flags.ts';");
  assert.match(findUntestedCodecs([shared, user]).join(), /^[^,]*oru\.ts[^,]*$/);
});

test('a clinical file cites its source in a comment', () => {
  const path = 'packages/clinical/src/news2.ts';
  assert.equal(findUncited([file(path, 'export const a = 1;')]).length, 1);
  assert.equal(findUncited([file(path, "export const a = 'doi:10.1000/1';")]).length, 1);
  assert.deepEqual(findUncited([file(path, '/** Pan and Tompkins, doi:10.1109/TBME.1985 */')]), []);
  assert.deepEqual(findUncited([file('packages/rules/src/limit.ts', '')]), []);
});

test('a lock file that names a registry is found', () => {
  const link = { 'node_modules/@ausculta/vitals': { resolved: 'packages/vitals', link: true } };
  assert.deepEqual(findRegistryHosts({ packages: { ...link, 'node_modules/zod': {} } }), []);
  const named = { 'node_modules/zod': { resolved: 'https://example.org/zod.tgz' } };
  assert.equal(findRegistryHosts({ packages: { ...link, ...named } }).length, 1);
});

test('only exact versions are pins, and only our own workspaces are linked', () => {
  const path = 'package.json';
  const good = { zod: '4.6.7', pg: '18.4.0-beta.17', '@ausculta/vitals': '*' };
  assert.deepEqual(findUnpinned([{ path, dependencies: good }]), []);
  for (const version of ['^4.6.7', '~4.6.7', '4.6', '*', 'latest', '>=4', 'github:a/b']) {
    assert.equal(findUnpinned([{ path, dependencies: { zod: version } }]).length, 1, version);
    assert.equal(findUnpinned([{ path, optionalDependencies: { zod: version } }]).length, 1);
  }
});

test('paths of one machine, registries and notes to oneself are found', () => {
  const bad = ['see /work/copy', "'/home/ann/x'", '(/Users/ann/x)', '/root/x', `TO${'DO'}: later`];
  for (const text of [...bad, `https://registry.npm${'js'}.org`]) {
    assert.equal(findForbiddenWords([file('README.md', text)]).length, 1, text);
  }
  for (const text of ['/api/work/list', 'a/work/b', './root/x', 'the root/', 'GET /fhir/R4/home']) {
    assert.deepEqual(findForbiddenWords([file('README.md', text)]), [], text);
  }
});

test('names that say nothing are found', () => {
  for (const path of ['src/Alarm.ts', 'src/alarm_life.ts', 'src/utils.ts', 'src/common/beat.ts']) {
    assert.equal(findPoorNames([path]).length, 1, path);
  }
  for (const path of ['src/alarm-life.ts', 'src/alarm-life.test.ts', 'vite.config.ts', 'run.mjs']) {
    assert.deepEqual(findPoorNames([path]), [], path);
  }
});

const FORBIDDEN_IMPORTS = {
  'vitals-imports-nothing': ['packages/vitals/src/a.ts', '../../blocks/src/good.ts'],
  'package-knows-vitals-only': ['packages/blocks/src/a.ts', '../../codecs/src/good.ts'],
  'rules-know-clinical-too': ['packages/rules/src/a.ts', '../../blocks/src/good.ts'],
  'package-is-pure': ['packages/codecs/src/a.ts', 'node:fs'],
  'line-imports-packages-only': ['apps/server/src/line/a.ts', '../live/good.ts'],
  'internal-is-private': ['apps/server/src/live/a.ts', '../alarms/internal/good.ts'],
  'main-is-the-root': ['apps/server/src/live/b.ts', '../main.ts'],
  'apps-never-import-each-other': ['apps/web/src/a.ts', '../../server/src/live/good.ts'],
  'web-runs-in-a-browser': ['apps/web/src/b.ts', 'node:net'],
  'no-unresolved-import': ['apps/web/src/c.ts', './missing.ts'],
  'no-cycles': ['apps/web/src/d.ts', './d.ts'],
  'no-test-in-production': ['apps/web/src/e.ts', './good.test.ts'],
} as const;

const ALLOWED_IMPORTS = [
  ['packages/blocks/src/fine.ts', '../../vitals/src/good.ts'],
  ['packages/blocks/src/fine.test.ts', 'node:fs'],
  ['apps/server/src/line/fine.ts', '../../../../packages/rules/src/good.ts'],
  ['apps/server/src/live/fine.ts', '../alarms/good.ts'],
] as const;

const TARGETS = [
  ...['vitals', 'blocks', 'codecs', 'rules'].map((name) => `packages/${name}/src/good.ts`),
  ...['live/good', 'alarms/good', 'alarms/internal/good', 'main'].map(
    (n) => `apps/server/src/${n}.ts`,
  ),
  'apps/web/src/good.test.ts',
];

test('each rule of the rooms refuses what it is for, types included', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ausculta-rooms-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write('package.json', '{"name":"sample","type":"module"}');
  for (const path of TARGETS) write(path, 'export type Good = string;\n');
  const bad = Object.values(FORBIDDEN_IMPORTS);
  for (const [path, target] of [...bad, ...ALLOWED_IMPORTS]) {
    write(path, `import type { Good } from '${target}';\nexport type A = Good;\n`);
  }
  const answer = cruise(ROOT, folder);
  const broken = answer.summary.violations.map(({ rule, from }) => `${rule.name} ${from}`).sort();
  const expected = Object.entries(FORBIDDEN_IMPORTS).map(([rule, [path]]) => `${rule} ${path}`);
  assert.deepEqual(broken, expected.sort());
});

test('a source file that the cruiser did not see is found', () => {
  const modules = [{ source: 'packages/vitals/src/reading.ts' }];
  assert.deepEqual(
    findUnseen(['packages/vitals/src/reading.ts', 'tools/run.mjs'], { modules }),
    [],
  );
  assert.equal(findUnseen(['packages/vitals/src/fault.ts'], { modules }).length, 1);
});
