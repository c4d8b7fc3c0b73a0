import type { SampleRing } from '../live/sample-ring.ts';
import { type EcgGain, ecgScale, fittedScale, type LaneScale } from './lane-scale.ts';
import { pxPerMv, sweepStep } from './sweep.ts';
import { laneExtent, traceLane } from './trace.ts';

const LINE_PX = 1.5;
const GAP_AHEAD_PX = 10;
const OLD_TRACE_ALPHA = 0.72;
const FROZEN_ALPHA = 0.5;
/** Samples may be this much later than the drawing before the strip stands still. */
const FREEZE_AFTER_MS = 2_000;
/** A scale made from less than this is made again when more is known. */
const SCALE_NEEDS_MS = 2_000;

export interface LaneSpec {
  readonly metricKey: string;
  /** 'millivolts' is drawn to paper scale; 'fitted' has no unit of its own. */
  readonly scale: 'millivolts' | 'fitted';
  /** The CSS variable that holds the ink, e.g. "--metric-ecg". */
  readonly inkVariable: string;
  readonly topPx: number;
  readonly heightPx: number;
}

export interface StripSource {
  readonly ring: (metricKey: string) => SampleRing | undefined;
  readonly rewrites: () => number;
}

/** What the words around the canvas need to know; told only when it changes. */
export interface StripReport {
  readonly frozen: boolean;
  readonly lanes: readonly { readonly gainText: string; readonly silent: boolean }[];
}

interface Lane extends LaneSpec {
  colour: string;
  scaling: LaneScale | undefined;
  gain: EcgGain | undefined;
  scaledFromMs: number;
  drawnUntilMs: number;
  silent: boolean;
}

/** One canvas with its lanes: a sweep that draws only the columns it has newly reached. */
export class WaveStrip {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #source: StripSource;
  readonly #sweepMs: number;
  readonly #report: (report: StripReport) => void;
  #lanes: Lane[];
  #ratio = 1;
  #column: number | undefined;
  #rewrites = 0;
  #frozen = false;
  #reported = '';
  #greyColour = '#888888';

  constructor(strip: {
    readonly canvas: HTMLCanvasElement;
    readonly source: StripSource;
    readonly lanes: readonly LaneSpec[];
    readonly sweepMs: number;
    readonly report: (report: StripReport) => void;
  }) {
    const context = strip.canvas.getContext('2d');
    if (context === null) throw new Error('broken invariant: a canvas has a 2d context');
    this.#canvas = strip.canvas;
    this.#context = context;
    this.#source = strip.source;
    this.#sweepMs = strip.sweepMs;
    this.#report = strip.report;
    this.#lanes = strip.lanes.map((lane) => ({
      ...lane,
      colour: '',
      scaling: undefined,
      gain: undefined,
      scaledFromMs: 0,
      drawnUntilMs: Number.NEGATIVE_INFINITY,
      silent: true,
    }));
  }

  /** Fits the canvas to device pixels and reads the inks of the theme. Draws all again. */
  fit(size: { readonly widthPx: number; readonly heightPx: number; readonly ratio: number }): void {
    this.#ratio = size.ratio;
    this.#canvas.width = Math.max(1, Math.round(size.widthPx * size.ratio));
    this.#canvas.height = Math.max(1, Math.round(size.heightPx * size.ratio));
    const style = getComputedStyle(this.#canvas);
    for (const lane of this.#lanes) {
      lane.colour = style.getPropertyValue(lane.inkVariable).trim();
      lane.scaling = undefined;
    }
    this.#greyColour = style.getPropertyValue('--ink-3').trim();
    this.#column = undefined;
    this.#frozen = false;
  }

  /** `timeMs` is the moment to be drawn at the bar; undefined or silent: everything stands still. */
  tick(moment: { readonly timeMs: number | undefined; readonly silent: boolean }): void {
    const { timeMs } = moment;
    if (timeMs === undefined) return;
    const newestMs = this.#newestMs();
    if (newestMs === undefined) return;
    if (moment.silent || newestMs < timeMs - FREEZE_AFTER_MS) {
      this.#freeze(newestMs);
      return;
    }
    const step = sweepStep({
      width: this.#canvas.width,
      sweepMs: this.#sweepMs,
      timeMs,
      lastColumn: this.#column,
    });
    if (this.#frozen || step.restart || this.#hasLateSamples() || this.#needsScale(timeMs)) {
      this.#repaint(step.column, timeMs);
    } else if (step.spans.length > 0) {
      this.#advance(step.spans, { ...step, timeMs });
    }
    this.#tell();
  }

  #newestMs(): number | undefined {
    const ends = this.#lanes.flatMap((lane) => this.#source.ring(lane.metricKey)?.endMs ?? []);
    return ends.length === 0 ? undefined : Math.max(...ends);
  }

  /** Samples that came after the bar had passed their place. */
  #hasLateSamples(): boolean {
    const rewrites = this.#source.rewrites();
    if (rewrites !== this.#rewrites) return true;
    const drawnMs = (this.#column ?? 0) * this.#columnMs;
    return this.#lanes.some((lane) => {
      if (lane.drawnUntilMs >= drawnMs - this.#columnMs) return false;
      return (this.#source.ring(lane.metricKey)?.endMs ?? 0) > lane.drawnUntilMs;
    });
  }

  #needsScale(timeMs: number): boolean {
    return this.#lanes.some((lane) => {
      const ring = this.#source.ring(lane.metricKey);
      if (ring?.endMs === undefined) return false;
      if (lane.scaling === undefined) return true;
      const knownMs = ring.endMs - ring.timeOf(ring.tail);
      return lane.scaledFromMs < SCALE_NEEDS_MS && knownMs >= SCALE_NEEDS_MS && timeMs > 0;
    });
  }

  get #columnMs(): number {
    return this.#sweepMs / this.#canvas.width;
  }

  #advance(
    spans: readonly { from: number; until: number; startMs: number }[],
    step: { bar: number; column: number; cameRound: boolean; timeMs: number },
  ): void {
    for (const [index, span] of spans.entries()) {
      this.#context.clearRect(span.from, 0, span.until - span.from, this.#canvas.height);
      this.#draw(span, 1);
      if (step.cameRound && index === 0 && this.#roundOff(step.timeMs)) {
        this.#repaint(step.column, step.timeMs);
        return;
      }
    }
    this.#column = step.column;
    this.#note(step.column);
    this.#drawBar(step.bar);
  }

  /** The bar came round: the trace is old now, and scales may change. True: draw all again. */
  #roundOff(timeMs: number): boolean {
    if (this.#rescale(timeMs)) return true;
    this.#context.globalCompositeOperation = 'destination-in';
    this.#context.fillStyle = `rgb(0 0 0 / ${OLD_TRACE_ALPHA})`;
    this.#context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.#context.globalCompositeOperation = 'source-over';
    return false;
  }

  #repaint(column: number, timeMs: number): void {
    const { width, height } = this.#canvas;
    this.#frozen = false;
    this.#rewrites = this.#source.rewrites();
    this.#rescale(timeMs);
    this.#context.clearRect(0, 0, width, height);
    const bar = ((column % width) + width) % width;
    const sweepStart = column - bar;
    this.#draw({ from: 0, until: bar, startMs: sweepStart * this.#columnMs }, 1);
    const old = { from: bar, until: width, startMs: (sweepStart - width + bar) * this.#columnMs };
    this.#draw(old, OLD_TRACE_ALPHA);
    this.#column = column;
    this.#note(column);
    this.#drawBar(bar);
  }

  /** The last sweep received stays, grey and without a bar: old is never drawn as live. */
  #freeze(newestMs: number): void {
    if (this.#frozen) return;
    const { width, height } = this.#canvas;
    this.#context.clearRect(0, 0, width, height);
    this.#rescale(newestMs);
    const column = Math.floor(newestMs / this.#columnMs);
    const bar = ((column % width) + width) % width;
    const colours = this.#lanes.map((lane) => lane.colour);
    for (const lane of this.#lanes) lane.colour = this.#greyColour;
    this.#draw({ from: 0, until: bar, startMs: (column - bar) * this.#columnMs }, FROZEN_ALPHA);
    const old = { from: bar, until: width, startMs: (column - width) * this.#columnMs };
    this.#draw(old, FROZEN_ALPHA);
    for (const [index, lane] of this.#lanes.entries()) lane.colour = colours[index] as string;
    this.#frozen = true;
    this.#column = undefined;
    for (const lane of this.#lanes) lane.silent = true;
    this.#tell();
  }

  #drawBar(bar: number): void {
    const gap = Math.round(GAP_AHEAD_PX * this.#ratio);
    const { width, height } = this.#canvas;
    this.#context.clearRect(bar, 0, gap, height);
    if (bar + gap > width) this.#context.clearRect(0, 0, bar + gap - width, height);
    this.#context.fillStyle = this.#greyColour;
    this.#context.fillRect(bar, 0, Math.max(1, Math.round(this.#ratio)), height);
  }

  #draw(span: { from: number; until: number; startMs: number }, alpha: number): void {
    for (const lane of this.#lanes) {
      const ring = this.#source.ring(lane.metricKey);
      if (ring === undefined || lane.scaling === undefined) continue;
      this.#context.globalAlpha = alpha;
      traceLane(this.#context, {
        ring,
        span,
        columnMs: this.#columnMs,
        topPx: Math.round(lane.topPx * this.#ratio),
        heightPx: Math.round(lane.heightPx * this.#ratio),
        pxPerUnit: lane.scaling.pxPerUnit * this.#ratio,
        centre: lane.scaling.centre,
        linePx: LINE_PX * this.#ratio,
        colour: lane.colour,
      });
      this.#context.globalAlpha = 1;
    }
  }

  /** Chooses the scales anew; true when one changed so that old and new would not match. */
  #rescale(timeMs: number): boolean {
    let changed = false;
    const paperPxPerMv = pxPerMv({
      widthPx: this.#canvas.width / this.#ratio,
      sweepMs: this.#sweepMs,
    });
    for (const lane of this.#lanes) {
      const ring = this.#source.ring(lane.metricKey);
      const extent = ring && laneExtent(ring, { fromMs: timeMs - this.#sweepMs });
      if (ring === undefined || extent === undefined) continue;
      const before = lane.scaling;
      if (lane.scale === 'millivolts') {
        const chosen = ecgScale({
          extent,
          heightPx: lane.heightPx,
          pxPerMv: paperPxPerMv,
          before: lane.gain,
        });
        lane.scaling = chosen;
        lane.gain = chosen.gain;
      } else {
        lane.scaling = fittedScale({ extent, heightPx: lane.heightPx - 2 });
      }
      lane.scaledFromMs = (ring.endMs ?? 0) - ring.timeOf(ring.tail);
      changed ||= before !== undefined && before.pxPerUnit !== lane.scaling.pxPerUnit;
    }
    return changed;
  }

  #note(column: number): void {
    const drawnMs = column * this.#columnMs;
    for (const lane of this.#lanes) {
      const endMs = this.#source.ring(lane.metricKey)?.endMs ?? Number.NEGATIVE_INFINITY;
      lane.drawnUntilMs = Math.min(drawnMs, endMs);
      lane.silent = endMs < drawnMs - FREEZE_AFTER_MS;
    }
  }

  #tell(): void {
    const report: StripReport = {
      frozen: this.#frozen,
      lanes: this.#lanes.map((lane) => ({
        gainText: lane.scaling?.gainText ?? '',
        silent: lane.silent,
      })),
    };
    const text = JSON.stringify(report);
    if (text === this.#reported) return;
    this.#reported = text;
    this.#report(report);
  }
}
