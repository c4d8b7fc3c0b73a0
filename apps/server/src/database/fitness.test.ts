import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection } from './connection.ts';
import { expectFitFacts } from './fitness.ts';
import { StartProblem } from './start-problem.ts';
import type { ServerFacts } from './store.ts';

const CONNECTION: Connection = {
  host: 'db.example',
  port: 5432,
  database: 'ward',
  user: 'nurse',
  password: 'hunter2',
  ssl: 'prefer',
};

const FIT: ServerFacts = {
  major: 17,
  role: 'nurse',
  isSuperuser: false,
  bypassesRls: false,
  isStandby: false,
  mayCreate: true,
  encoding: 'UTF8',
  settings: [
    { name: 'fsync', value: 'on', source: 'default' },
    { name: 'full_page_writes', value: 'on', source: 'default' },
    { name: 'synchronous_commit', value: 'on', source: 'default' },
  ],
};

function withSetting(name: string, value: string, source = 'configuration file'): ServerFacts {
  const others = FIT.settings.filter((setting) => setting.name !== name);
  return { ...FIT, settings: [...others, { name, value, source }] };
}

const GOOD: readonly { readonly name: string; readonly facts: ServerFacts }[] = [
  { name: 'PostgreSQL 15', facts: { ...FIT, major: 15 } },
  { name: 'PostgreSQL 18', facts: { ...FIT, major: 18 } },
  { name: 'synchronous_commit = local', facts: withSetting('synchronous_commit', 'local') },
  {
    name: 'synchronous_commit = remote_apply',
    facts: withSetting('synchronous_commit', 'remote_apply'),
  },
];

for (const { name, facts } of GOOD) {
  test(`${name} is fit`, () => expectFitFacts(facts, CONNECTION));
}

const BAD: readonly {
  readonly name: string;
  readonly facts: ServerFacts;
  readonly says: RegExp;
}[] = [
  { name: 'PostgreSQL 14', facts: { ...FIT, major: 14 }, says: /PostgreSQL 14; .* 15 to 18/ },
  { name: 'PostgreSQL 19', facts: { ...FIT, major: 19 }, says: /PostgreSQL 19; .* 15 to 18/ },
  { name: 'fsync off', facts: withSetting('fsync', 'off'), says: /ALTER SYSTEM SET fsync = on;/ },
  {
    name: 'full_page_writes off on the command line',
    facts: withSetting('full_page_writes', 'off', 'command line'),
    says: /"-c full_page_writes=off" from the server's command line/,
  },
  {
    name: 'synchronous_commit off for the role',
    facts: withSetting('synchronous_commit', 'off', 'user'),
    says: /ALTER ROLE "nurse" RESET synchronous_commit;/,
  },
  {
    name: 'synchronous_commit off for the database',
    facts: withSetting('synchronous_commit', 'off', 'database'),
    says: /ALTER DATABASE "ward" RESET synchronous_commit;/,
  },
  { name: 'a setting that nobody tells', facts: { ...FIT, settings: [] }, says: /fsync/ },
  {
    name: 'a superuser',
    facts: { ...FIT, isSuperuser: true },
    says: /superuser.* CREATE ROLE ausculta/,
  },
  {
    name: 'BYPASSRLS',
    facts: { ...FIT, bypassesRls: true },
    says: /BYPASSRLS.* CREATE ROLE ausculta/,
  },
  { name: 'a standby', facts: { ...FIT, isStandby: true }, says: /standby.* primary/ },
  {
    name: 'SQL_ASCII',
    facts: { ...FIT, encoding: 'SQL_ASCII' },
    says: /SQL_ASCII.* ENCODING 'UTF8'/,
  },
  {
    name: 'a database of someone else',
    facts: { ...FIT, mayCreate: false },
    says: /ALTER DATABASE "ward" OWNER TO "nurse";/,
  },
];

for (const { name, facts, says } of BAD) {
  test(`${name} is refused in one line with its mend`, () => {
    assert.throws(
      () => expectFitFacts(facts, CONNECTION),
      (error: unknown) =>
        error instanceof StartProblem && says.test(error.message) && !error.message.includes('\n'),
    );
  });
}
