import uPlot from 'uplot';
import { coarseDurationText } from '../vitals/number-text.ts';
import type { LanePlan } from './lane-plan.ts';
import { type Stretch, timeTicks } from './time-view.ts';
import { gapsOf, laneRange, lonesOf, type TrendLine } from './trend-line.ts';

const FONT = '12px "Inter Variable", system-ui, sans-serif';
const GUTTER_TICKS_PX = 40;
const BAND_ALPHA = '38';
const BAR_PX = 4;
const LINE_PX = 1.5;
const LONE_RADIUS_PX = 3;
const GAP_NAMED_PX = 18;
const LIMIT_REACH = 0.15;

export interface LaneData {
  readonly line: TrendLine | undefined;
  /** The lower end of bars. */
  readonly lower: TrendLine | undefined;
  readonly limits: readonly { readonly value: number }[];
}

interface LaneInks {
  readonly line: string;
  readonly grid: string;
  readonly tick: string;
  readonly limit: string;
}

/** One lane of the timeline as a uPlot, whose data and stretch are set from outside. */
export class LanePlot {
  readonly #plan: LanePlan;
  readonly #plot: uPlot;
  #data: LaneData = { line: undefined, lower: undefined, limits: [] };
  #stretch: Stretch = { fromMs: 0, toMs: 1 };
  readonly #inks: LaneInks;

  constructor(lane: {
    readonly plan: LanePlan;
    readonly element: HTMLElement;
    readonly widthPx: number;
    readonly onCursor: (atMs: number | undefined) => void;
  }) {
    this.#plan = lane.plan;
    this.#inks = readInks(lane.element, lane.plan);
    this.#plot = new uPlot(this.#options(lane), [[], [], [], []], lane.element);
  }

  get plotWidthPx(): number {
    return this.#plot.over.clientWidth;
  }

  show(data: LaneData, stretch: Stretch): void {
    this.#data = data;
    this.#stretch = stretch;
    const { line } = data;
    const empty: (number | null)[] = [];
    this.#plot.setData(
      [
        line?.timesMs.map((timeMs) => timeMs / 1000) ?? [],
        line?.lows ?? empty,
        line?.highs ?? empty,
        line?.mids ?? empty,
      ],
      false,
    );
    this.#plot.batch(() => {
      this.#plot.setScale('x', { min: stretch.fromMs / 1000, max: stretch.toMs / 1000 });
      const [low, high] = this.#heights();
      this.#plot.setScale('y', { min: low, max: high });
    });
  }

  resize(widthPx: number): void {
    this.#plot.setSize({ width: widthPx, height: this.#plan.heightPx });
  }

  destroy(): void {
    this.#plot.destroy();
  }

  #heights(): [number, number] {
    const { line, lower } = this.#data;
    const inView = (of: TrendLine | undefined, values: readonly (number | null)[] | undefined) =>
      (values ?? []).filter((_, index) => {
        const timeMs = of?.timesMs[index] ?? 0;
        return timeMs >= this.#stretch.fromMs && timeMs <= this.#stretch.toMs;
      });
    return laneRange(this.#plan.usual, [
      ...inView(line, line?.lows),
      ...inView(line, line?.highs),
      ...inView(lower, lower?.lows),
      ...nearLimits(this.#plan.usual, this.#data.limits),
    ]);
  }

  #options(lane: { widthPx: number; onCursor: (atMs: number | undefined) => void }): uPlot.Options {
    const isLine = this.#plan.form === 'line';
    const ink = this.#inks.line;
    const hidden: uPlot.Series = { points: { show: false } };
    return {
      width: lane.widthPx,
      height: this.#plan.heightPx,
      padding: [8, 0, 8, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false },
        points: { show: false },
        sync: { key: 'timeline', setSeries: false },
      },
      scales: { x: { time: true, auto: false }, y: { auto: false } },
      series: [
        {},
        hidden,
        hidden,
        isLine
          ? { stroke: ink, width: LINE_PX, points: { show: false }, spanGaps: false }
          : this.#plan.form === 'dots'
            ? { stroke: ink, width: 1, points: { show: true, size: 4, fill: ink, width: 0 } }
            : hidden,
      ],
      bands: isLine ? [{ series: [2, 1], fill: `${ink}${BAND_ALPHA}` }] : [],
      axes: [this.#timeAxis(), this.#valueAxis()],
      hooks: {
        draw: [(plot) => this.#drawMarks(plot)],
        setCursor: [
          (plot) => {
            const left = plot.cursor.left ?? -1;
            lane.onCursor(left < 0 ? undefined : plot.posToVal(left, 'x') * 1000);
          },
        ],
      },
    };
  }

  /** Only the vertical grid: one axis under all lanes carries the words. */
  #timeAxis(): uPlot.Axis {
    return {
      size: 0,
      splits: () => {
        const zoneOffsetMs = -new Date(this.#stretch.toMs).getTimezoneOffset() * 60_000;
        const { timesMs } = timeTicks(this.#stretch, { most: 8, zoneOffsetMs });
        return timesMs.map((timeMs) => timeMs / 1000);
      },
      values: (_plot, splits) => splits.map(() => ''),
      grid: { stroke: this.#inks.grid, width: 1 },
      ticks: { show: false },
    };
  }

  #valueAxis(): uPlot.Axis {
    return {
      size: GUTTER_TICKS_PX,
      gap: 6,
      space: 24,
      font: FONT,
      stroke: this.#inks.tick,
      grid: { stroke: this.#inks.grid, width: 1 },
      ticks: { show: false },
    };
  }

  #drawMarks(plot: uPlot): void {
    const { ctx: context, bbox } = plot;
    context.save();
    context.beginPath();
    context.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    context.clip();
    if (this.#plan.form === 'bars') this.#drawBars(plot);
    if (this.#plan.form === 'line') {
      this.#nameGaps(plot);
      this.#drawLones(plot);
    }
    context.strokeStyle = this.#inks.limit;
    context.lineWidth = devicePixelRatio;
    context.setLineDash([3 * devicePixelRatio, 4 * devicePixelRatio]);
    for (const { value } of this.#data.limits) {
      const y = Math.round(plot.valToPos(value, 'y', true)) + 0.5;
      context.beginPath();
      context.moveTo(bbox.left, y);
      context.lineTo(bbox.left + bbox.width, y);
      context.stroke();
    }
    context.restore();
  }

  /** Gaps stay empty and are named where there is room: "no data 2 h", upright. */
  #nameGaps(plot: uPlot): void {
    const { line } = this.#data;
    const { ctx: context, bbox } = plot;
    context.font = `${12 * devicePixelRatio}px "Inter Variable", system-ui, sans-serif`;
    context.fillStyle = this.#inks.tick;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    for (const gap of gapsOf(line)) {
      const left = plot.valToPos(gap.fromMs / 1000, 'x', true);
      const right = plot.valToPos(gap.toMs / 1000, 'x', true);
      if (right - left < GAP_NAMED_PX * devicePixelRatio) continue;
      context.save();
      context.translate((left + right) / 2, bbox.top + bbox.height / 2);
      context.rotate(-Math.PI / 2);
      context.fillText(`no data ${coarseDurationText(gap.toMs - gap.fromMs)}`, 0, 0, bbox.height);
      context.restore();
    }
  }

  /** A single measurement makes no line, and may be the one that alarmed. */
  #drawLones(plot: uPlot): void {
    const { ctx: context } = plot;
    context.fillStyle = this.#inks.line;
    for (const { timeMs, value } of lonesOf(this.#data.line)) {
      const x = plot.valToPos(timeMs / 1000, 'x', true);
      const y = plot.valToPos(value, 'y', true);
      context.beginPath();
      context.arc(x, y, LONE_RADIUS_PX * devicePixelRatio, 0, 2 * Math.PI);
      context.fill();
    }
  }

  /** From the lower to the upper pressure of one measurement. */
  #drawBars(plot: uPlot): void {
    const { line, lower } = this.#data;
    if (line === undefined || lower === undefined) return;
    const lows = new Map(lower.timesMs.map((timeMs, index) => [timeMs, lower.lows[index]]));
    const { ctx: context } = plot;
    context.strokeStyle = this.#inks.line;
    context.lineWidth = BAR_PX * devicePixelRatio;
    context.lineCap = 'round';
    for (const [index, timeMs] of line.timesMs.entries()) {
      const high = line.highs[index];
      const low = lows.get(timeMs);
      if (high === null || high === undefined || low === null || low === undefined) continue;
      const x = plot.valToPos(timeMs / 1000, 'x', true);
      context.beginPath();
      context.moveTo(x, plot.valToPos(low, 'y', true));
      context.lineTo(x, plot.valToPos(high, 'y', true));
      context.stroke();
    }
    context.lineCap = 'butt';
  }
}

/** Limits just beyond the usual heights are brought into view; far ones would flatten the line. */
function nearLimits(
  [low, high]: readonly [number, number],
  limits: readonly { readonly value: number }[],
): number[] {
  const reach = (high - low) * LIMIT_REACH;
  return limits
    .map(({ value }) => value)
    .filter((value) => value >= low - reach && value <= high + reach);
}

function readInks(element: HTMLElement, plan: LanePlan): LaneInks {
  const style = getComputedStyle(element);
  const read = (variable: string) => style.getPropertyValue(variable).trim();
  return {
    line: read(`--metric-${plan.ink}`),
    grid: read('--grid-fine'),
    tick: read('--ink-2'),
    limit: read('--ink-3'),
  };
}
