/** How many tiles a wall may have; the smallest that holds all patients is taken. */
const WALL_SIZES = [4, 6, 9, 12, 16, 20, 25, 36, 49, 64] as const;
export const TILES_MAX = 64;

const SHAPES: Readonly<Record<number, readonly [long: number, short: number]>> = {
  4: [2, 2],
  6: [3, 2],
  9: [3, 3],
  12: [4, 3],
  16: [4, 4],
  20: [5, 4],
  25: [5, 5],
  36: [6, 6],
  49: [7, 7],
  64: [8, 8],
};

/** Below this width a name no longer fits: the grid changes first (a list that scrolls). */
const TILE_WIDTH_MIN_PX = 150;
const LIST_BELOW_PX = 700;

/** Narrower than this, numbers of that size would run into each other: the size changes first. */
const RATE_WIDTH_MIN_PX = { 72: 430, 44: 310 } as const;
const TILE_GAP_PX = 8;

export interface WallLayout {
  readonly form: 'grid' | 'list';
  readonly columns: number;
  readonly rows: number;
  /** 72, 44 or 28 px: the size of the heart rate. */
  readonly rateSize: 72 | 44 | 28;
  readonly pleth: boolean;
  readonly temperature: boolean;
}

export function wallLayout(wall: {
  readonly patients: number;
  readonly widthPx: number;
  readonly heightPx: number;
}): WallLayout {
  const size = WALL_SIZES.find((tiles) => tiles >= wall.patients) ?? TILES_MAX;
  const [long, short] = SHAPES[size] as readonly [number, number];
  const [columns, rows] = wall.widthPx >= wall.heightPx ? [long, short] : [short, long];
  const isList = wall.widthPx < LIST_BELOW_PX || wall.widthPx / columns < TILE_WIDTH_MIN_PX;
  if (isList) {
    return {
      form: 'list',
      columns: 1,
      rows: wall.patients,
      rateSize: rateSizeFor(44, wall.widthPx),
      pleth: true,
      temperature: true,
    };
  }
  return {
    form: 'grid',
    columns,
    rows,
    rateSize: rateSizeFor(
      size <= 9 ? 72 : size <= 20 ? 44 : 28,
      wall.widthPx / columns - TILE_GAP_PX,
    ),
    pleth: size <= 36,
    temperature: size <= 49,
  };
}

function rateSizeFor(wanted: WallLayout['rateSize'], tilePx: number): WallLayout['rateSize'] {
  if (wanted === 72 && tilePx >= RATE_WIDTH_MIN_PX[72]) return 72;
  return wanted >= 44 && tilePx >= RATE_WIDTH_MIN_PX[44] ? 44 : 28;
}
