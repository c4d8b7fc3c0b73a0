/** The description of the API is that of the server that runs: its routes, and what they answer. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Problem } from '@ausculta/contract/problem';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { ROUTES } from './support/route-access.ts';
import { RouteWalk, type Walked } from './support/route-walk.ts';
import { type ServerHere, startServerHere } from './support/server.ts';

interface Described {
  readonly security: readonly unknown[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object }> };
  readonly responses: Record<
    string,
    { readonly content?: Record<string, { readonly schema: object }> }
  >;
}

interface Document extends Record<string, unknown> {
  readonly paths: Record<string, Record<string, Described>>;
}

/** They need what no test of this kind has: they are asked all the same, and refuse in the form that is described. */
const REFUSED = [
  'DELETE /api/me/passkeys/:id',
  'DELETE /api/me/sessions/:id',
  'DELETE /api/me/sign-on/:provider',
  'GET /api/indicators/:period',
  'GET /api/live',
  'GET /api/sign-on/:provider/back',
  'POST /.well-known/est/simpleenroll',
  'POST /.well-known/est/simplereenroll',
  'POST /api/calls/:id/answer',
  'POST /api/calls/:id/opened',
  'POST /api/devices/:id/:other',
  'POST /api/devices/:id/certificates/:serial/revocation',
  'POST /api/me/passkeys',
  'POST /api/me/sign-on/:provider/begin',
  'POST /api/session/passkey',
  'POST /api/session/proof/passkey',
  'POST /api/session/proof/sign-on/:provider',
  'POST /api/sign-on/:provider/begin',
  'POST /api/subjects/:id/write-back/:destination',
  'POST /api/subjects/:id/write-back/:destination/withdrawal',
  'POST /api/watchdog/checks',
  'POST /api/write-back/:destination/reconciliation',
  'POST /api/write-back/:destination/retry',
];

const ajv = new Ajv2020({ strict: false, validateFormats: false });

describe('the description of the API', () => {
  let here: ServerHere;
  let document: Document;
  let walked: Walked[];
  before(async () => {
    here = await startServerHere();
    document = await here.server.get<Document>('/api/openapi.json');
    walked = await RouteWalk.through(here);
  });
  after(() => here?.[Symbol.asyncDispose]());

  const describedOf = (name: string): Described | undefined => {
    const [method = '', url = ''] = name.split(' ');
    return document.paths[url.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
  };

  test('is valid, as somebody else judges it', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    assert.equal(valid, true, JSON.stringify(errors));
    const broken = { ...structuredClone(document), paths: { '/x': { get: { responses: 7 } } } };
    assert.equal((await new Validator().validate(broken)).valid, false, 'it can find fault');
  });

  test('has every route that is not FHIR, and none that is not there', () => {
    const wanted = Object.keys(ROUTES).filter((name) => !/ \/(fhir\/|oidc\/)/.test(name));
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(
        (method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`,
      ),
    );
    assert.deepEqual(described.sort(), wanted.sort());
    for (const name of wanted) {
      const isPublic = ROUTES[name] === 'public';
      assert.equal(describedOf(name)?.security.length === 0, isPublic, name);
    }
  });

  test('says of every answer what it is, and of every question what is taken', () => {
    const refused = new Set<string>();
    for (const { name, status, text, headers, body } of walked) {
      const described = describedOf(name);
      assert.ok(described, name);
      const type = headers.get('content-type')?.split(';')[0] ?? '';
      const said = described.responses[String(status)];
      if (said === undefined) {
        assert.ok(status >= 400 && status < 500, `${name}: ${status} ${text}`);
        assert.ok(Problem.safeParse(JSON.parse(text)).success, `${name}: ${status} ${text}`);
        refused.add(name);
        continue;
      }
      if (status === 204) assert.equal(text, '', name);
      else {
        const media = said.content?.[type];
        assert.ok(media, `${name}: ${type}`);
        if (type === 'application/json' && name !== 'GET /api/openapi.json')
          isOf(media.schema, JSON.parse(text), `the answer of ${name}`);
      }
      const asked = described.requestBody?.content['application/json']?.schema;
      if (asked !== undefined && body !== undefined) isOf(asked, body, `the question of ${name}`);
      refused.delete(name);
    }
    const names = new Set(walked.map(({ name }) => name));
    const wanted = Object.keys(ROUTES).filter((name) => !/ \/(fhir\/|oidc\/)/.test(name));
    assert.deepEqual(
      wanted.filter((name) => !names.has(name)),
      [],
      'every route was asked',
    );
    assert.deepEqual([...refused].sort(), REFUSED);
  });

  test('takes no field that it does not tell of', async () => {
    let tried = 0;
    for (const { name, path, options, body, status } of walked) {
      const schema = describedOf(name)?.requestBody?.content['application/json']?.schema as
        | { additionalProperties?: boolean }
        | undefined;
      if (status >= 300 || typeof body !== 'object' || schema?.additionalProperties !== false)
        continue;
      tried += 1;
      const more = JSON.stringify({ ...body, beyondWhatIsTold: true });
      const { authorization: _, cookie: _cookie, ...headers } = options.headers;
      const response = await here.server.fetch(path, { ...options, headers, body: more });
      assert.ok([400, 403, 404, 409].includes(response.status), `${name}: ${response.status}`);
    }
    assert.ok(tried > 20);
  });

  test('is a page that needs nothing else', async () => {
    const response = await fetch(`${here.server.url}/api/docs`);
    assert.match(response.headers.get('content-type') ?? '', /^text\/html/);
    const page = await response.text();
    assert.doesNotMatch(page, /<script|\bsrc=|url\(|https?:\/\//);
    for (const path of Object.keys(document.paths))
      assert.ok(page.includes(` ${path}</code>`), path);
  });
});

function isOf(schema: object, value: unknown, what: string): void {
  const isValid = ajv.validate(schema, value);
  assert.ok(isValid, `${what}: ${ajv.errorsText()} ${JSON.stringify(value).slice(0, 300)}`);
}
