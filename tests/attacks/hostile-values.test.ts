/**
 * Values that are more than values: fields that nobody may set, statements of SQL, ends of lines, markup. Every
 * route is tried with them just before it is asked properly; nothing changes, nothing breaks, nothing is led astray.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { SubjectView } from '@ausculta/contract/subjects';
import { type Asked, RouteWalk } from '../support/route-walk.ts';
import { type ServerHere, type ServerUnderTest, startServerHere } from '../support/server.ts';

const NOT_THEIRS: Readonly<Record<string, unknown>> = {
  organisationId: '00000000-0000-4000-8000-000000000000',
  organisation_id: '00000000-0000-4000-8000-000000000000',
  roles: ['administrator'],
  isAdmin: true,
  accountId: '00000000-0000-4000-8000-000000000000',
  passwordHash: 'x',
  tokenHash: 'x',
  isDisabled: false,
  createdAt: '2000-01-01T00:00:00Z',
  version: 7,
  id: '00000000-0000-4000-8000-000000000000',
};

const SQL = [
  "' OR '1'='1",
  "'; DROP TABLE account; --",
  "\\'; SELECT pg_sleep(60); --",
  "') UNION SELECT password_hash FROM account --",
  '1; DELETE FROM audit_leaf',
  '$1',
  '%_%',
  '\u0000',
];
const LINES = [
  'a\r\nSet-Cookie: ausculta_session=evil',
  'a\r\n\r\n<html>',
  'a\nLocation: https://evil.example',
];
const HOSTILE = [...SQL, ...LINES];

/** Of parts of an address that name something, and of questions in it. */
function bent({ name, path }: Asked, value: string): string[] {
  const [address = '', query = ''] = path.split('?');
  const fixed = name.split(' ')[1]?.split('/') ?? [];
  const inPath = fixed.flatMap((part, at) => {
    if (!part.startsWith(':')) return [];
    const parts = address.split('/').with(at, encodeURIComponent(value));
    return [[parts.join('/'), query].filter((one) => one !== '').join('?')];
  });
  const inQuery = [...new URLSearchParams(query).keys()].map((key) => {
    const asked = new URLSearchParams(query);
    asked.set(key, value);
    return `${address}?${asked}`;
  });
  return [...inPath, ...inQuery];
}

const EMPTY = [
  '',
  '{"shifts":[]}',
  '{"fromMs":0,"toMs":0,"lanes":[],"unreadable":[]}',
  '{"fromMs":0,"toMs":0,"series":[],"unreadable":[]}',
];

describe('values that are more than values', () => {
  let here: ServerHere;
  let server: ServerUnderTest;
  before(async () => {
    here = await startServerHere();
    server = here.server;
  });
  after(() => here?.[Symbol.asyncDispose]());

  const tables = async (): Promise<unknown> => {
    const sql = here.database.line;
    return {
      accounts: await sql`SELECT id, roles, organisation_id, disabled_at FROM account ORDER BY id`,
      organisations: await sql`SELECT id, name FROM organisation ORDER BY id`,
      devices: await sql`SELECT id, organisation_id, disabled_at FROM device ORDER BY id`,
      subjects: await sql`SELECT id, organisation_id FROM subject ORDER BY id`,
    };
  };

  async function refused(path: string, options: RequestInit, what: string): Promise<void> {
    const response = await fetch(`${server.url}${path}`, options);
    const text = await response.text();
    // A metric that nobody knows has no readings, and nobody is on no shift.
    const isBlock = response.headers.get('content-type') === 'application/octet-stream';
    const isEmpty = EMPTY.includes(text.replace(/\d{4,}/g, '0')) || (isBlock && text.length < 100);
    const isRefused = response.status >= 400 && response.status < 500;
    assert.ok(isRefused || isEmpty, `${what}: ${response.status} ${text.slice(0, 200)}`);
    assert.equal(response.headers.get('set-cookie'), null, what);
    assert.equal(response.headers.get('location'), null, what);
    assert.doesNotMatch(text, /syntax error|postgres|SELECT|at position|node_modules/i, what);
  }

  test('no route takes a field that its caller may not set', async () => {
    let tried = 0;
    await RouteWalk.through(here, {
      before: async ({ name, path, options, body }) => {
        if (
          typeof body !== 'object' ||
          body === null ||
          /\/devices\/:id\/(readings|events|waveforms|:other)$/.test(name)
        )
          return;
        const was = await tables();
        for (const [field, value] of Object.entries(NOT_THEIRS)) {
          // Of the house that it is opened to: the grantor says whom.
          const isSaid = name === 'POST /api/grants' && field === 'accountId';
          if (field in body || isSaid) continue;
          tried += 1;
          await refused(
            path,
            { ...options, body: JSON.stringify({ ...body, [field]: value }) },
            `${name} ${field}`,
          );
        }
        assert.deepEqual(await tables(), was, name);
      },
    });
    assert.ok(tried > 250, `${tried}`);
  });

  test('no part of an address is read as anything else', async () => {
    const was = new Set<string>();
    await RouteWalk.through(here, {
      before: async (asked) => {
        if (was.has(asked.name)) return;
        was.add(asked.name);
        for (const value of HOSTILE)
          for (const path of bent(asked, value)) {
            const isNobodys = asked.path.includes('/api/alarms?') && path.includes('subject=');
            if (isNobodys) continue;
            await refused(path, asked.options, `${asked.name} ${JSON.stringify(value)}`);
          }
      },
    });
    assert.ok(was.size > 90);
  });

  test('no search of FHIR is read as anything else, and none finds more by it', async () => {
    const { subjectId } = await server.addPatient('Found');
    const resource = {
      resourceType: 'Condition',
      subject: { reference: `Patient/${subjectId}` },
      code: { text: 'x' },
    };
    await server.post('/fhir/R4/Condition', resource);
    const searches = [
      ...[
        'Patient?name=',
        'Patient?identifier=',
        'Patient?_id=',
        'Patient?birthdate=',
        'Patient?_sort=',
      ],
      ...[
        'Condition?subject=',
        'Condition?code=',
        'Condition?patient.name=',
        'Condition?_include=',
        'Condition?_has:',
      ],
      ...[
        'Observation?code=',
        'Observation?date=',
        'Observation?value-quantity=',
        'Observation?_count=',
        'Device?patient=',
      ],
      ...[
        'Patient?_filter=',
        'Patient?_elements=',
        'Patient?_revinclude=',
        'Condition?_lastUpdated=',
        '?_type=',
      ],
      ...[
        'Patient/',
        'Condition/',
        '$export?_since=',
        'Patient?_cursor=',
        'Observation/$lastn?patient=',
      ],
    ];
    for (const search of searches)
      for (const value of HOSTILE) {
        const response = await server.fetch(`/fhir/R4/${search}${encodeURIComponent(value)}`);
        const text = await response.text();
        const what = `${search}${JSON.stringify(value)}: ${response.status}`;
        assert.ok(response.status < 500, what);
        const answer = JSON.parse(text) as {
          resourceType: string;
          entry?: { resource: { resourceType: string } }[];
        };
        const found =
          answer.entry?.filter((entry) => entry.resource.resourceType !== 'OperationOutcome') ?? [];
        const isIgnored =
          /\?_(sort|include|filter|elements|revinclude|count|cursor|has:)|\?_type=|_lastUpdated/.test(
            search,
          );
        assert.ok(found.length === 0 || isIgnored, what);
        assert.doesNotMatch(
          text,
          /syntax error|pg_sleep\(60\) *\)|password_hash FROM account -- *\$/i,
          what,
        );
      }
  });

  test('a name that is a statement is a name, and comes back as it was', async () => {
    const names = [
      ...SQL.filter((text) => text !== '\u0000'),
      '<script>alert(1)</script>',
      '=HYPERLINK("x")',
      '{{7*7}}',
      '#{7*7}',
    ];
    for (const familyName of names) {
      const { id } = await server.addSubject(familyName);
      const view = await server.get<SubjectView>(`/api/subjects/${id}`);
      assert.equal(view.identity.familyName, familyName);
      const patient = await server.get<{ name: { family: string }[] }>(`/fhir/R4/Patient/${id}`);
      assert.equal(patient.name[0]?.family, familyName);
    }
    assert.deepEqual(here.problems, []);
  });
});
