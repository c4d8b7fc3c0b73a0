// The browser's side of the bench: Chromium loads the sources themselves, types stripped, and no
// server listens anywhere: every request is answered from here.
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import type { BlockKind } from '../../packages/blocks/src/block-frame.ts';
import type { BenchPage, PageResult } from './page.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ORIGIN = 'http://bench.localhost';

/** What Node finds through node_modules, a browser must be told. */
const IMPORT_MAP = {
  imports: {
    '@ausculta/vitals/expect': '/packages/vitals/src/expect.ts',
    '@ausculta/vitals/fault': '/packages/vitals/src/fault.ts',
    '@ausculta/vitals/waveform': '/packages/vitals/src/waveform.ts',
    fzstd: '/node_modules/fzstd/esm/index.mjs',
  },
};

export interface PageWork {
  readonly kind: BlockKind;
  readonly blocks: readonly Uint8Array[];
}

/** One result for each piece of work, in order. */
export async function measureInChromium(
  executablePath: string,
  work: readonly PageWork[],
): Promise<PageResult[]> {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    await page.route(`${ORIGIN}/**`, (route) => {
      const { pathname } = new URL(route.request().url());
      const [, kind, index, block] = pathname.split('/');
      if (kind === '') return route.fulfill({ contentType: 'text/html', body: indexPage() });
      if (kind !== 'block') return route.fulfill(source(pathname));
      const bytes = work[Number(index)]?.blocks[Number(block)] ?? new Uint8Array(0);
      return route.fulfill({ body: Buffer.from(bytes) });
    });
    // A page counts as loaded when its modules have run.
    await page.goto(`${ORIGIN}/`, { waitUntil: 'load' });
    const results: PageResult[] = [];
    for (const [index, { kind, blocks }] of work.entries()) {
      results.push(await measureOne(page, { index, kind, count: blocks.length }));
    }
    return results;
  } finally {
    await browser.close();
  }
}

function measureOne(
  page: Page,
  work: { readonly index: number; readonly kind: BlockKind; readonly count: number },
): Promise<PageResult> {
  return page.evaluate(async ({ index, kind, count }) => {
    const blocks = await Promise.all(
      Array.from({ length: count }, async (_, block) => {
        const response = await fetch(`/block/${index}/${block}`);
        return new Uint8Array(await response.arrayBuffer());
      }),
    );
    return (globalThis as unknown as BenchPage).measureBlocks(kind, blocks);
  }, work);
}

function indexPage(): string {
  return `<script type="importmap">${JSON.stringify(IMPORT_MAP)}</script>
    <script type="module" src="/bench/blocks/page.ts"></script>`;
}

function source(pathname: string): { contentType: string; body: string } {
  const text = readFileSync(`${ROOT}${pathname}`, 'utf8');
  const body = pathname.endsWith('.ts') ? stripTypeScriptTypes(text) : text;
  return { contentType: 'text/javascript', body };
}
