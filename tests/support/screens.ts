/** People at their screens: a server, a browser, and whoever comes in by a link of their own. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { SignInLink } from '@ausculta/contract/accounts';
import type { Role } from '@ausculta/policy/vocabulary';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium, type Page } from 'playwright-core';
import { startServerProcess } from './program.ts';
import type { ServerUnderTest } from './server.ts';

const PICTURES = resolve(import.meta.dirname, '../../test-results');
const PASSWORD = 'correct horse battery staple';

/** Long enough for a busy machine, on which a browser is slower than anything else. */
const WITHIN_MS = 60_000;

export interface Screens extends AsyncDisposable {
  readonly server: ServerUnderTest;
  readonly address: string;
  /** Somebody of these roles, signed in at a browser of their own, who has read the notice. */
  readonly comeIn: (name: string, roles: readonly Role[]) => Promise<Seat>;
}

export interface Seat {
  readonly page: Page;
  readonly accountId: string;
}

export async function openScreens(): Promise<Screens> {
  const dataDir = await mkdtemp(join(tmpdir(), 'ausculta-screens-'));
  const running = await startServerProcess(dataDir);
  const { server } = running;
  const address = `http://localhost:${server.httpPort}`;
  const browser = await chromium.launch({
    executablePath: process.env['AUSCULTA_CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });

  async function comeIn(name: string, roles: readonly Role[]): Promise<Seat> {
    const loginName = name.toLowerCase().replaceAll(' ', '.');
    const wanted = { loginName, displayName: name, roles };
    const { account, path } = await server.post<SignInLink>('/api/accounts', wanted);
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    await context.addInitScript(
      "localStorage.setItem('ausculta.preferences', JSON.stringify({ noticeRead: true }))",
    );
    context.setDefaultTimeout(WITHIN_MS);
    const token = path.split('#')[1];
    const signedIn = await context.request.post(`${address}/api/sign-in-link`, {
      data: { token, password: PASSWORD },
    });
    assert.equal(signedIn.status(), 204);
    return { page: await context.newPage(), accountId: account.id };
  }

  return {
    server,
    address,
    comeIn,
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      await running[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const SIZES = [
  [390, 844],
  [1440, 900],
] as const;

/** Nothing that a person with a screen reader would stumble over; it fits a telephone; and pictures, in both schemes if asked. */
export async function judge(page: Page, name: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
  assert.deepEqual(found, [], name);
  await mkdir(PICTURES, { recursive: true });
  const isAsked = process.env['UPDATE_SCREENSHOTS'] !== undefined;
  for (const colorScheme of isAsked ? (['light', 'dark'] as const) : [null]) {
    await page.emulateMedia({ colorScheme });
    for (const [width, height] of SIZES) {
      await page.setViewportSize({ width, height });
      const wide = await page.evaluate('document.documentElement.scrollWidth');
      assert.ok(Number(wide) <= width, `${name} is ${wide} wide at ${width}`);
      const picture = [name, colorScheme, width].filter(Boolean).join('-');
      await page.screenshot({ path: join(PICTURES, `${picture}.png`) });
    }
  }
  await page.emulateMedia({ colorScheme: null });
}
