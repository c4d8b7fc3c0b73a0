/** A person's browser between our server and a provider elsewhere: it keeps each one's cookies apart. */
import assert from 'node:assert/strict';
import type { SignOnBegun, SignOnWanted } from '@ausculta/contract/sign-on';

let stations = 0;

export class TravellingBrowser {
  readonly #home: string;
  /** As a proxy that the server trusts says it: what is counted by address is each one's own. */
  readonly address: string;
  readonly #cookies = new Map<string, Map<string, { value: string; isStrict: boolean }>>();

  constructor(home: string, address?: string) {
    this.#home = home;
    stations += 1;
    this.address = address ?? `10.0.${stations >> 8}.${stations & 255}`;
  }

  /** What it would send home from a page of our own. */
  get headers(): Record<string, string> {
    const cookie = this.#cookie(this.#home, true);
    return { cookie, origin: this.#home, 'x-forwarded-for': this.address };
  }

  get isSignedIn(): boolean {
    return this.#jar(this.#home).has('ausculta_session');
  }

  put(name: string, value: string): void {
    this.#jar(this.#home).set(name, { value, isStrict: true });
  }

  /** Of a browser that another person has come to. */
  forget(origin: string): void {
    this.#cookies.delete(origin);
  }

  /** As its page asks, of our own. */
  async ask(path: string, options: RequestInit & { readonly json?: unknown } = {}) {
    const { json, ...rest } = options;
    const body = json === undefined ? {} : { body: JSON.stringify(json) };
    const type: Record<string, string> =
      json === undefined ? {} : { 'content-type': 'application/json' };
    const headers = { ...this.headers, ...type };
    const response = await fetch(`${this.#home}${path}`, { ...rest, ...body, headers });
    this.#keep(this.#home, response);
    return response;
  }

  async begin(provider: string, json: SignOnWanted = {}): Promise<URL> {
    return await this.beginAt(`/api/sign-on/${provider}/begin`, json);
  }

  async beginAt(path: string, json: object = {}): Promise<URL> {
    const begun = await this.ask(path, { method: 'POST', json });
    assert.equal(begun.status, 200, await begun.clone().text());
    return new URL(((await begun.json()) as SignOnBegun).goTo);
  }

  /** From page to page, as far as the last address before home: what the provider answers with. */
  async atProvider(from: URL): Promise<URL> {
    let at = from;
    for (let turns = 0; at.origin !== this.#home; turns += 1) {
      assert.ok(turns < 10, 'the provider sends its people home');
      const response = await this.#go(at);
      const next = response.headers.get('location');
      assert.ok(next !== null, `${at.pathname}: ${response.status} ${await response.text()}`);
      at = new URL(next, at);
    }
    return at;
  }

  /** Home, from a page of somebody else: a strict cookie is not sent. Where it is led to. */
  async home(back: URL): Promise<string> {
    const response = await this.#go(back);
    assert.equal(response.status, 303, await response.clone().text());
    return response.headers.get('location') ?? '';
  }

  /** The whole way. */
  async signOn(provider: string, wanted: SignOnWanted = {}): Promise<string> {
    return await this.home(await this.atProvider(await this.begin(provider, wanted)));
  }

  async #go(at: URL): Promise<Response> {
    const cookie = this.#cookie(at.origin, false);
    const own = at.origin === this.#home ? { 'x-forwarded-for': this.address } : {};
    const headers: Record<string, string> = { cookie, ...own };
    const response = await fetch(at, { redirect: 'manual', headers });
    this.#keep(at.origin, response);
    return response;
  }

  #jar(origin: string): Map<string, { value: string; isStrict: boolean }> {
    const jar = this.#cookies.get(origin) ?? new Map();
    this.#cookies.set(origin, jar);
    return jar;
  }

  #cookie(origin: string, isFromHome: boolean): string {
    return [...this.#jar(origin)]
      .filter(([, { isStrict }]) => isFromHome || !isStrict)
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');
  }

  #keep(origin: string, response: Response): void {
    for (const set of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (set.split(';')[0] ?? '').split('=', 2);
      if (/expires=Thu, 01 Jan 1970/i.test(set) || value === '') this.#jar(origin).delete(name);
      else this.#jar(origin).set(name, { value, isStrict: /samesite=strict/i.test(set) });
    }
  }
}
