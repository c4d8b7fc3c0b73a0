/** Every route that is not FHIR, asked in an order in which each has something to answer. */
import { randomUUID } from 'node:crypto';
import { hash } from '@node-rs/argon2';
import { exportJWK, generateKeyPair } from 'jose';
import { TOTP, URI } from 'otpauth';
import { walkAlarms } from './alarm-walk.ts';
import { walkApps } from './app-walk.ts';
import { walkCalling } from './calling-walk.ts';
import { walkOversight } from './oversight-walk.ts';
import { otherOrganisation, type Person, signedIn } from './people.ts';
import { walkProtocols } from './protocol-walk.ts';
import { walkReview } from './review-walk.ts';
import type { ServerHere, TestDevice } from './server.ts';
import { walkSignOn } from './sign-on-walk.ts';
import { waveformsAt } from './waveform-sample.ts';

export interface Asked {
  /** As the table of routes has it. */
  readonly name: string;
  readonly path: string;
  readonly options: RequestInit & { readonly headers: Record<string, string> };
  readonly body: unknown;
}

export interface Walked extends Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface WalkOptions {
  /** What is written in the place of names and notes. */
  readonly text?: string;
  /** Before each is asked. */
  readonly before?: (asked: Asked) => Promise<void>;
}

const PASSWORD = 'correct horse battery staple';
const HOUR_MS = 3_600_000;

interface Said {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
  readonly as?: 'person' | 'program' | 'device' | 'nobody';
  readonly type?: string;
}

/** What is of a person alone; everything else a program may ask. */
const OF_PERSONS =
  /^\w+ \/api\/(me|session|launches|device-codes)\b|break-glass$|(acknowledge|snooze)$/;
const asWhom = (name: string): 'person' | 'program' =>
  OF_PERSONS.test(name) ? 'person' : 'program';

type Json = Record<string, unknown>;
type AskRoute = (name: string, said?: Said) => Promise<Json>;

export class RouteWalk {
  readonly walked: Walked[] = [];
  readonly #here: ServerHere;
  readonly #options: WalkOptions;
  #person: Person;
  #worn: TestDevice;

  private constructor(
    here: ServerHere,
    options: WalkOptions,
    begun: { person: Person; worn: TestDevice },
  ) {
    this.#here = here;
    this.#options = options;
    this.#person = begun.person;
    this.#worn = begun.worn;
  }

  static async through(here: ServerHere, options: WalkOptions = {}): Promise<Walked[]> {
    const person = await signedIn(here, ['administrator', 'physician', 'nurse']);
    const worn = await here.server.addPatient();
    await here.server.post('/api/shifts', { accountId: person.accountId, unit: null });
    const walk = new RouteWalk(here, options, { person, worn });
    await walk.#server();
    await walk.#patients();
    await walk.#measured();
    await walk.#devices();
    await walk.#people();
    await walk.#house();
    const ask: AskRoute = (name, said) => walk.#ask(name, said);
    await walkApps(here.server.url, { name: walk.#text, subjectId: worn.subjectId, ask });
    await walkCalling({ subjectId: worn.subjectId, name: walk.#text, ask });
    await walk.#ownAccount();
    await walkSignOn(ask);
    await walk.#signIn();
    return walk.walked;
  }

  async #ask(name: string, said: Said = {}): Promise<Json> {
    const { params = {}, query = '', body, as = asWhom(name), type = 'application/json' } = said;
    const [method = '', url = ''] = name.split(' ');
    const path = url.replace(/:(\w+)/g, (_, key: string) =>
      encodeURIComponent(params[key] ?? randomUUID()),
    );
    const credentials: Record<string, string> = {
      person: this.#person.headers,
      program: { authorization: `Bearer ${this.#here.server.token}` },
      device: { authorization: `Bearer ${this.#worn.token}` },
      nobody: {},
    }[as] as Record<string, string>;
    const headers = { ...credentials, ...(body !== undefined && { 'content-type': type }) };
    const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
    const options = { method, headers, ...(text !== undefined && { body: text }) };
    const asked = { name, path: `${path}${query}`, options, body };
    await this.#options.before?.(asked);
    const response = await fetch(`${this.#here.server.url}${asked.path}`, options);
    const answer = await response.text();
    this.walked.push({
      ...asked,
      status: response.status,
      headers: response.headers,
      text: answer,
    });
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return isJson && !response.headers.get('content-type')?.includes('ndjson')
      ? (JSON.parse(answer) as Json)
      : {};
  }

  get #text(): string {
    return this.#options.text ?? 'Said';
  }

  async #server(): Promise<void> {
    for (const name of [
      'GET /livez',
      'GET /readyz',
      'GET /api/openapi.json',
      'GET /api/docs',
      'GET /.well-known/est/cacerts',
    ])
      await this.#ask(name, { as: 'nobody' });
    await this.#ask('GET /api/status');
    await this.#ask('POST /api/watchdog/checks', { body: { tookMs: 80 } });
  }

  async #patients(): Promise<void> {
    const added = (recordNumber: string) => ({
      category: 'adult',
      identity: {
        familyName: this.#text,
        givenName: this.#text,
        recordNumber,
        ward: this.#text.slice(0, 50),
        bed: '7',
        invented: true,
      },
    });
    const { id: first } = await this.#ask('POST /api/subjects', {
      body: added(`W-${randomUUID().slice(0, 6)}`),
    });
    const number = `W-${randomUUID().slice(0, 6)}`;
    const { id: second } = await this.#ask('POST /api/subjects', { body: added(number) });
    const [one, other] = [String(first), String(second)];
    await this.#ask('GET /api/subjects');
    await this.#ask('GET /api/subjects/:id', { params: { id: one } });
    await this.#ask('POST /api/subjects/:id/merge', { params: { id: other }, body: { into: one } });
    await this.#ask('POST /api/subjects/:id/unmerge', { params: { id: other } });
    await this.#ask('GET /api/subjects/:id/accesses', { params: { id: one } });
    await this.#ask('GET /api/subjects/:id/disclosures', { params: { id: one } });
    const { id: hold } = await this.#ask('POST /api/subjects/:id/holds', {
      params: { id: other },
      body: { reason: this.#text },
    });
    await this.#ask('GET /api/subjects/:id/holds', { params: { id: other } });
    await this.#ask('POST /api/subjects/:id/holds/:hold/release', {
      params: { id: other, hold: String(hold) },
    });
    await this.#ask('POST /api/subjects/:id/erasure', {
      params: { id: other },
      body: { recordNumber: number },
    });
    await this.#ask('GET /api/subjects/:id/erasure', { params: { id: other } });
    await this.#ask('GET /api/admissions/refused');
    await this.#ask('GET /api/subjects/:id/limits', { params: { id: one } });
  }

  async #measured(): Promise<void> {
    const { id, subjectId } = this.#worn;
    const nowMs = Date.now();
    const params = { id };
    const send = (kind: string, body: unknown) =>
      this.#ask(`POST /api/devices/:id/${kind}`, { params, body, as: 'device' });
    for (const [agoMs, rate] of [
      [3_000, 190],
      [2_000, 191],
      [1_000, 192],
    ] as const)
      await send('readings', {
        time: nowMs - agoMs,
        values: { 'heart-rate': rate, 'body-temperature': 39.5 },
      });
    await send('waveforms', {});
    await this.#here.server.send(this.#worn, waveformsAt(nowMs - 2_000), 'waveforms');
    await send('events', { events: [{ kind: 'button', time: nowMs - 500 }] });
    await send(':other', {});
    await walkAlarms(this.#here, subjectId, (name, said) => this.#ask(name, said));
    await walkReview(subjectId, nowMs, (name, said) => this.#ask(name, said));
    await walkProtocols((name, said) => this.#ask(name, said), subjectId, this.#text);
    const whose = { params: { id: subjectId } };
    const span = `from=${nowMs - 60_000}&to=${nowMs + 1_000}`;
    await this.#ask('GET /api/subjects/:id/readings', { ...whose, query: '?metric=heart-rate' });
    await this.#ask('GET /api/subjects/:id/events', { ...whose, query: '?limit=5' });
    await this.#ask('GET /api/subjects/:id/trend', {
      ...whose,
      query: `?metrics=heart-rate&${span}`,
    });
    await this.#ask('GET /api/subjects/:id/statistics', {
      ...whose,
      query: `?metrics=heart-rate&${span}&zone=UTC`,
    });
    await this.#ask('GET /api/subjects/:id/waveforms', {
      ...whose,
      query: `?metrics=ecg-ii&${span}`,
    });
    await this.#ask('GET /api/subjects/:id/edf', { ...whose, query: `?metrics=ecg-ii&${span}` });
    await this.#ask('POST /api/latest', {
      body: { metrics: ['heart-rate'], subjects: [subjectId] },
    });
    const spell = {
      metric: 'heart-rate',
      above: 100,
      atLeastMs: 0,
      fromMs: nowMs - 60_000,
      toMs: nowMs + 1,
    };
    await this.#ask('POST /api/spells', { body: { ...spell, subjects: [subjectId] } });
    await this.#ask('GET /api/live');
  }

  async #devices(): Promise<void> {
    const id = `walk-${randomUUID().slice(0, 8)}`;
    const { subjectId } = this.#worn;
    const params = { id };
    await this.#ask('POST /api/devices', {
      body: { id, subjectId, model: this.#text, about: { manufacturer: this.#text } },
    });
    await this.#ask('GET /api/devices');
    await this.#ask('GET /api/devices/:id', { params });
    await this.#ask('POST /api/devices/:id/about', {
      params,
      body: { manufacturer: this.#text, serialNumber: this.#text },
    });
    await this.#ask('POST /api/devices/:id/token', { params });
    const until = new Date(Date.now() + HOUR_MS).toISOString();
    const grant = { to: this.#worn.id, data: ['vitals'], until };
    const { id: given } = await this.#ask('POST /api/devices/:id/grants', { params, body: grant });
    await this.#ask('GET /api/devices/:id/grants', { params });
    await this.#ask('POST /api/devices/:id/grants/:grant/withdrawal', {
      params: { id, grant: String(given) },
    });
    await this.#ask('POST /api/devices/:id/claim', { params, body: { hours: 1 } });
    await this.#ask('GET /api/devices/:id/identity', { params });
    await this.#ask('POST /api/devices/:id/certificates/:serial/revocation', {
      params: { id, serial: '01' },
      body: { because: 'withdrawn', wornBy: subjectId },
    });
    const from = new Date(Date.now() - 30_000).toISOString();
    await this.#ask('POST /api/devices/:id/correction', {
      params,
      body: { subjectId, from, until: null },
    });
    await this.#ask('POST /api/devices/:id/unassignment', { params, body: {} });
    await this.#ask('POST /api/devices/:id/assignment', { params, body: { subjectId } });
    await this.#ask('POST /api/devices/:id/unassignment', { params, body: {} });
    await this.#ask('POST /api/devices/:id/disable', { params });
    await this.#ask('GET /api/parked');
    for (const name of ['simpleenroll', 'simplereenroll'])
      await this.#ask(`POST /.well-known/est/${name}`, {
        body: 'AAAA',
        as: 'nobody',
        type: 'application/pkcs10',
      });
  }

  async #people(): Promise<void> {
    const { subjectId } = this.#worn;
    const loginName = `walk-${randomUUID().slice(0, 8)}`;
    const made = await this.#ask('POST /api/accounts', {
      body: { loginName, displayName: this.#text, roles: ['nurse'] },
    });
    const { id } = made['account'] as { id: string };
    const params = { id };
    await this.#ask('GET /api/accounts');
    const roles = ['nurse', 'physician'];
    await this.#ask('POST /api/accounts/:id/roles', { params, body: { roles } });
    await this.#ask('POST /api/accounts/:id/disable', { params });
    await this.#ask('POST /api/accounts/:id/enable', { params });
    const { path } = await this.#ask('POST /api/accounts/:id/link', { params, body: {} });
    const token = String(path).split('#')[1] ?? '';
    await this.#ask('POST /api/sign-in-link/look', { body: { token }, as: 'nobody' });
    const used = { token, password: PASSWORD };
    await this.#ask('POST /api/sign-in-link', { body: used, as: 'nobody' });
    const { id: shift } = await this.#ask('POST /api/shifts', {
      body: { accountId: id, unit: this.#text },
    });
    await this.#ask('GET /api/accounts/:account/shifts', { params: { account: id } });
    const ended = { account: id, shift: String(shift) };
    await this.#ask('POST /api/accounts/:account/shifts/:shift/end', { params: ended });
    const team = { accountId: id, kind: 'care-team' };
    await this.#ask('POST /api/subjects/:id/team', { params: { id: subjectId }, body: team });
    await this.#ask('GET /api/subjects/:id/team', { params: { id: subjectId } });
    await this.#ask('GET /api/directory');
    await this.#ask('POST /api/find-patients', { body: { wanted: 'no such name' } });
    await this.#ask('GET /api/me/access/:subject', { params: { subject: subjectId } });
    await this.#ask('GET /api/me/emergencies');
    await this.#ask('DELETE /api/subjects/:id/team/:account/:kind', {
      params: { id: subjectId, account: id, kind: 'care-team' },
    });
    const organisationId = await otherOrganisation(this.#here, 'The other house');
    const words = { dataClasses: ['vitals'], actions: ['read'], purposes: ['TREAT'] };
    const { id: grant } = await this.#ask('POST /api/grants', {
      body: { organisationId, subjectId, ...words, until: Date.now() + HOUR_MS },
    });
    await this.#ask('GET /api/grants');
    await this.#ask('POST /api/grants/:id/withdrawal', { params: { id: String(grant) } });
    const everybody = this.#person;
    this.#person = await signedIn(this.#here, ['physician']);
    const reason = `${this.#text}: unconscious in the corridor`;
    const { id: glass } = await this.#ask('POST /api/subjects/:id/break-glass', {
      params: { id: subjectId },
      body: { reason },
    });
    this.#person = everybody;
    const span = '?from=2026-01-01T00:00:00Z&to=2099-01-01T00:00:00Z';
    await this.#ask('GET /api/audit', { query: span });
    await this.#ask('GET /api/audit/table', { query: span });
    await this.#ask('GET /api/audit/heads');
    await this.#ask('GET /api/breach-scope', { query: span });
    await this.#ask('GET /api/breach-scope/table', { query: span });
    await this.#ask('GET /api/broken-glass');
    await walkOversight({ subjectId, ask: (name, said) => this.#ask(name, said) });
    await this.#ask('POST /api/subjects/:id/break-glass/:glass/review', {
      params: { id: subjectId, glass: String(glass) },
    });
  }

  async #house(): Promise<void> {
    const { publicKey } = await generateKeyPair('ES384');
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one' }] };
    const client = { name: this.#text, roles: ['nurse'], scope: 'system/*.rs', jwks };
    const { id } = await this.#ask('POST /api/clients', { body: client });
    await this.#ask('GET /api/clients');
    await this.#ask('POST /api/clients/:id/disable', { params: { id: String(id) } });
    await this.#ask('POST /api/keys/rotation');
    await this.#ask('GET /api/indicators/:period', { params: { period: '2026-W01' } });
    await this.#ask('GET /api/write-back');
    const params = { id: this.#worn.subjectId, destination: 'none' };
    await this.#ask('POST /api/write-back/:destination/retry', { params });
    await this.#ask('POST /api/write-back/:destination/reconciliation', { params, body: {} });
    await this.#ask('GET /api/subjects/:id/write-back', { params });
    await this.#ask('POST /api/subjects/:id/write-back/:destination', { params, body: {} });
    await this.#ask('POST /api/subjects/:id/write-back/:destination/withdrawal', { params });
  }

  async #ownAccount(): Promise<void> {
    await this.#ask('GET /api/me');
    await this.#ask('POST /api/me/password', { body: { password: PASSWORD } });
    const { uri } = await this.#ask('POST /api/me/second-factor/begin');
    const app = URI.parse(String(uri));
    const code = app instanceof TOTP ? app.generate() : '';
    await this.#ask('POST /api/me/second-factor', { body: { code } });
    await this.#ask('POST /api/me/recovery-codes');
    await this.#ask('DELETE /api/me/second-factor');
    await this.#ask('GET /api/me/passkeys');
    await this.#ask('POST /api/me/passkeys/begin');
    await this.#ask('POST /api/me/passkeys', { body: { label: this.#text, response: {} } });
    await this.#ask('DELETE /api/me/passkeys/:id');
    await this.#ask('GET /api/me/sessions');
    await this.#ask('DELETE /api/me/sessions');
    await this.#ask('DELETE /api/me/sessions/:id');
  }

  async #signIn(): Promise<void> {
    const loginName = this.#person.accountId;
    const sql = this.#here.database.line;
    await sql`UPDATE account SET password_hash = ${await hash(PASSWORD)} WHERE id = ${loginName}`;
    await this.#ask('GET /api/sign-in', { as: 'nobody' });
    await this.#ask('POST /api/session/passkey/begin', { as: 'nobody' });
    await this.#ask('POST /api/session/passkey', { as: 'nobody', body: { response: {} } });
    await this.#ask('POST /api/session', { as: 'nobody', body: { loginName, password: PASSWORD } });
    await this.#ask('GET /api/session');
    await this.#ask('POST /api/session/lock');
    await this.#ask('POST /api/session/proof', { body: { password: PASSWORD } });
    await this.#ask('POST /api/session/proof/passkey', { body: { response: {} } });
    await this.#ask('DELETE /api/session');
  }
}
