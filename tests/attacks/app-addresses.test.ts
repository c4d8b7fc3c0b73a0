/** Addresses of apps: where a code is sent to, and from where a browser may ask. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { addApp, REDIRECT } from '../support/apps.ts';
import { type Person, signedIn } from '../support/people.ts';
import { type ServerHere, type ServerUnderTest, startServerHere } from '../support/server.ts';

let here: ServerHere;
let server: ServerUnderTest;
let person: Person;

describe('where apps are at home', () => {
  before(async () => {
    here = await startServerHere();
    server = here.server;
    person = await signedIn(here, ['patient']);
  });
  after(() => here[Symbol.asyncDispose]());

  test('no app is added with an address or a word that would let others in', async () => {
    const wanted = { kind: 'app', name: 'x', scope: 'patient/*.rs', redirectUris: [REDIRECT] };
    for (const change of [
      { redirectUris: ['http://app.example/back'] },
      { redirectUris: ['https://app.example/back#x'] },
      { redirectUris: ['https://*.example/back'] },
      { redirectUris: ['https://user@app.example/back'] },
      { redirectUris: ['javascript:alert(1)'] },
      { redirectUris: ['data:text/html,x'] },
      { redirectUris: ['myapp:/back'] },
      { redirectUris: [REDIRECT, 'org.example.app:/back'] },
      { redirectUris: ['/back'] },
      { launchUrl: 'http://app.example/launch' },
      { launchUrl: 'org.example.app:/launch' },
      { scope: 'system/*.rs' },
      { scope: 'patient/*.rs everything' },
      { scope: 'patient/Observation.rs?code=8867-4' },
      { roles: ['nurse'] },
      { jwks: { keys: [] } },
    ])
      await assert.rejects(
        server.post('/api/clients', { ...wanted, ...change }),
        /PAYLOAD_MALFORMED/,
        JSON.stringify(change),
      );
  });

  test('a page from elsewhere reads nothing, but where an app that is in use is at home', async () => {
    const home = 'https://chart.example';
    const app = await addApp(server, 'patient/*.rs', { redirectUris: [`${home}/back`] });
    const allowed = async (path: string, origin: string, method = 'OPTIONS') => {
      const asks = { origin, 'access-control-request-method': 'GET' };
      const response = await fetch(`${server.url}${path}`, { method, headers: asks });
      const { headers } = response;
      assert.equal(headers.get('access-control-allow-credentials'), null);
      return headers.get('access-control-allow-origin');
    };
    assert.equal(await allowed('/fhir/R4/Patient', home), home);
    assert.equal(
      await allowed('/fhir/R4/Patient', 'https://chart.example.elsewhere.example'),
      null,
    );
    assert.equal(await allowed('/fhir/R4/Patient', 'null'), null);
    assert.equal(await allowed('/api/subjects', home), null);
    assert.equal(
      await allowed('/fhir/R4/metadata', 'https://anybody.example', 'GET'),
      'https://anybody.example',
    );
    const cookies = await fetch(`${server.url}/fhir/R4/Patient`, {
      headers: { ...person.headers, origin: home },
    });
    assert.equal(cookies.status, 403, 'a cookie is not read for it');
    await server.post(`/api/clients/${app.id}/disable`, {});
    assert.equal(await allowed('/fhir/R4/Patient', home), null);
  });
});
