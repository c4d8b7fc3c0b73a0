import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wallLayout } from './wall-layout.ts';

const SCREEN = { widthPx: 1352, heightPx: 836 };
const WIDE = { widthPx: 1832, heightPx: 1016 };

const CASES = [
  { patients: 1, grid: '2×2', rateSize: 72, pleth: true, temperature: true },
  { patients: 5, grid: '3×2', rateSize: 72, pleth: true, temperature: true },
  { patients: 9, grid: '3×3', rateSize: 72, pleth: true, temperature: true },
  { patients: 10, grid: '4×3', rateSize: 44, pleth: true, temperature: true },
  { patients: 16, grid: '4×4', rateSize: 44, pleth: true, temperature: true },
  { patients: 20, grid: '5×4', rateSize: 28, pleth: true, temperature: true },
  { patients: 21, grid: '5×5', rateSize: 28, pleth: true, temperature: true },
  { patients: 36, grid: '6×6', rateSize: 28, pleth: true, temperature: false },
  { patients: 37, grid: '7×7', rateSize: 28, pleth: false, temperature: false },
  { patients: 50, grid: '8×8', rateSize: 28, pleth: false, temperature: false },
  { patients: 64, grid: '8×8', rateSize: 28, pleth: false, temperature: false },
] as const;

for (const { patients, grid, ...rest } of CASES) {
  test(`${patients} patients on a wide screen make a wall of ${grid}`, () => {
    const layout = wallLayout({ patients, ...(patients > 49 ? WIDE : SCREEN) });
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
  assert.equal(wallLayout({ patients: 64, widthPx: 1399, heightPx: 836 }).form, 'list');
  assert.equal(wallLayout({ patients: 64, widthPx: 1400, heightPx: 836 }).form, 'grid');
});

test('a list on a wide screen stands in columns', () => {
  const layout = wallLayout({ patients: 64, ...SCREEN });
  assert.deepEqual([layout.form, layout.columns, layout.rows], ['list', 4, 16]);
  assert.equal(layout.rateSize, 44);
});

test('the temperature goes where the tile is narrow', () => {
  const temperature = (widthPx: number) =>
    wallLayout({ patients: 49, widthPx, heightPx: 836 }).temperature;
  assert.equal(temperature(1_666), true);
  assert.equal(temperature(1_665), false);
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
