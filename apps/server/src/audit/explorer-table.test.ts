import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditTable } from './explorer-table.ts';
import { BEGINNING } from './trail.ts';

/** An audit of so many pages, each with a line at the time of its number, counted down. */
function auditOf(pages: number) {
  const state = { asked: 0 };
  const page = async () => {
    state.asked += 1;
    const untilMs = pages - state.asked;
    return { found: [untilMs], untilMs, next: untilMs === 0 ? undefined : { ...BEGINNING } };
  };
  return { state, page };
}

const isGone = () => false;

test('a table ends after 40 pages, however few lines they find, and says back to when', async () => {
  for (const [pages, asked, backToMs] of [
    [1, 1, undefined],
    [40, 40, undefined],
    [41, 40, 1],
    [900, 40, 860],
  ] as const) {
    const { state, page } = auditOf(pages);
    const table = await auditTable({ page, isGone });
    assert.deepEqual([state.asked, table.found.length, table.backToMs], [asked, asked, backToMs]);
  }
});

test('nothing more is looked at for whoever has gone', async () => {
  const { state, page } = auditOf(900);
  await auditTable({ page, isGone: () => state.asked === 3 });
  assert.equal(state.asked, 3);
});
