import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wallLayout } from './wall-layout.ts';

const SCREEN = { widthPx: 1352, heightPx: 836 };

const CASES = [
  { patients: 1, grid: '2×2', rateSize: 72, pleth: true, temperature: true },
  { patients: 5, grid: '3×2', rateSize: 72, pleth: true, temperature: true },
  { patients: 9, grid: '3×3', rateSize: 72, pleth: true, temperature: true },
  { patients: 10, grid: '4×3', rateSize: 44, pleth: true, temperature: true },
  { patients: 16, grid: '4×4', rateSize: 44, pleth: true, temperature: true },
  { patients: 20, grid: '5×4', rateSize: 28, pleth: true, temperature: true },
  { patients: 21, grid: '5×5', rateSize: 28, pleth: true, temperature: true },
  { patients: 36, grid: '6×6', rateSize: 28, pleth: true, temperature: true },
  { patients: 37, grid: '7×7', rateSize: 28, pleth: false, temperature: true },
  { patients: 50, grid: '8×8', rateSize: 28, pleth: false, temperature: false },
  { patients: 64, grid: '8×8', rateSize: 28, pleth: false, temperature: false },
] as const;

for (const { patients, grid, ...rest } of CASES) {
  test(`${patients} patients on a wide screen make a wall of ${grid}`, () => {
    const layout = wallLayout({ patients, ...SCREEN });
    assert.equal(`${layout.columns}×${layout.rows}`, grid);
    assert.equal(layout.form, 'grid');
    assert.deepEqual(
      { rateSize: layout.rateSize, pleth: layout.pleth, temperature: layout.temperature },
      rest,
    );
  });
}

test('a screen on its side turns the grid with it', () => {
  const layout = wallLayout({ patients: 6, widthPx: 900, heightPx: 1500 });
  assert.equal(`${layout.columns}×${layout.rows}`, '2×3');
});

test('a phone shows a list that scrolls, with whole tiles', () => {
  const layout = wallLayout({ patients: 16, widthPx: 390, heightPx: 740 });
  assert.equal(layout.form, 'list');
  assert.equal(layout.columns, 1);
});

test('the grid gives way before a name would be cut', () => {
  assert.equal(wallLayout({ patients: 64, widthPx: 1199, heightPx: 836 }).form, 'list');
  assert.equal(wallLayout({ patients: 64, widthPx: 1200, heightPx: 836 }).form, 'grid');
});

test('numbers are smaller before they run into each other', () => {
  const rateSize = (patients: number, widthPx: number) =>
    wallLayout({ patients, widthPx, heightPx: 700 }).rateSize;
  assert.equal(rateSize(20, 1_590), 44);
  assert.equal(rateSize(20, 1_589), 28);
  assert.equal(rateSize(9, 1_314), 72);
  assert.equal(rateSize(9, 1_313), 44);
  assert.equal(rateSize(9, 953), 28);
  assert.equal(rateSize(9, 374), 44);
  assert.equal(rateSize(9, 304), 28);
});
