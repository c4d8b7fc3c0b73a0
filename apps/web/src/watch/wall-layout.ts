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

/** Below this width names and numbers no longer fit: the grid changes first (a list that scrolls). */
const TILE_WIDTH_MIN_PX = 175;
/** Below this width the temperature goes, as it does on the largest walls. */
const TEMPERATURE_FROM_PX = 230;
const LIST_COLUMN_PX = 330;
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
    const side = Math.max(1, Math.floor(wall.widthPx / LIST_COLUMN_PX));
    return {
      form: 'list',
      columns: side,
      rows: Math.ceil(wall.patients / side),
      rateSize: rateSizeFor(44, wall.widthPx / side - (side > 1 ? TILE_GAP_PX : 0)),
      pleth: true,
      temperature: true,
    };
  }
  const tilePx = wall.widthPx / columns - TILE_GAP_PX;
  return {
    form: 'grid',
    columns,
    rows,
    rateSize: rateSizeFor(size <= 9 ? 72 : size <= 20 ? 44 : 28, tilePx),
    pleth: size <= 36,
    temperature: size <= 49 && tilePx >= TEMPERATURE_FROM_PX,
  };
}

function rateSizeFor(wanted: WallLayout['rateSize'], tilePx: number): WallLayout['rateSize'] {
  if (wanted === 72 && tilePx >= RATE_WIDTH_MIN_PX[72]) return 72;
  return wanted >= 44 && tilePx >= RATE_WIDTH_MIN_PX[44] ? 44 : 28;
}
