/**
 * Charts of any width. What lies in chunks that nothing overlaps is drawn from what is said beside
 * them: the totals of a chunk that falls into one band, else the roll-up just fine enough. Everything
 * else is read: chunks that overlap, chunks without a summary, the head, and whatever is so short or so
 * sparse that a roll-up would tell less.
 *
 * Bands over roll-ups are so many whole seconds, minutes, hours or days of the device's clock, so that a
 * row of a roll-up lies in one band, and a band holds exactly what a recount would find.
 */
import type { TrendLane } from '@ausculta/contract/readings';
import { sampleOffsetMs } from '@ausculta/vitals/waveform';
import { HELD_EPOCH } from '../line/clock.ts';
import type { Series } from '../line/entry.ts';
import { summaryContext } from './chunk-row.ts';
import { decodeSummary } from './chunk-summary.ts';
import { WAVEFORM_SLACK_MS } from './compaction-plan.ts';
import type { Span } from './merge.ts';
import { asKnownNow, type QueryPorts, type Question } from './query-ports.ts';
import { readWindow } from './reading-pieces.ts';
import { type Amount, READING_LEVELS_MS, unscaled, WAVEFORM_LEVELS_MS } from './rollup.ts';
import { organisationOf, stampsOf } from './sealed-chunks.ts';
import { seriesSeen } from './series-seen.ts';
import { Lane, plainGrid } from './trend-lane.ts';
import * as store from './trend-store.ts';
import { endOf } from './waveform-head.ts';
import { runsOfSeries } from './waveform-runs.ts';

/** Some seconds of reading. */
const VALUES_MAX = 8_000_000;

/** Chunks of one series: six years at 4 Hz. */
const CHUNKS_MAX = 100_000;

/** Summaries of one statement: some megabytes. */
const SUMMARIES_AT_ONCE = 2_048;

/** Of values that are read at once. */
const VALUES_AT_ONCE = 500_000;

/** Up to so many values a point, reading them is as quick as reading what is said of them. */
const VALUES_A_POINT_MAX = 4;

/** A band has so many rows of its roll-up or more: else snapping to borders would make it much wider. */
const ROWS_A_BAND_MIN = 4;

/** A flush that ends while its chunks are asked for is rare; one that does so again and again is not. */
const TRIES_MAX = 5;

export interface TrendQuestion extends Question {
  readonly points: number;
}

/** Undefined when it would take too much reading: ask for a shorter time. */
export async function trend(
  ports: QueryPorts,
  question: TrendQuestion,
): Promise<TrendLane[] | undefined> {
  const wanted = seriesSeen(ports, question.subjectId).filter(
    ({ metric, epoch }) => question.metrics.includes(metric.key) && epoch !== HELD_EPOCH,
  );
  const lanes: TrendLane[] = [];
  let valuesLeft = VALUES_MAX;
  for (const series of wanted) {
    const drawn = await new Drawing(asKnownNow(ports, [series]), series, question).draw(valuesLeft);
    if (drawn === undefined) return undefined;
    valuesLeft -= drawn.read;
    if (drawn.lane !== undefined) lanes.push(drawn.lane);
  }
  return lanes;
}

/** A stretch of stamps, both ends included, and how it is best drawn. */
interface Stretch {
  /** Which of all it is, in order of time. */
  readonly at: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
  /** Nothing overlaps this chunk; undefined: it has to be read. */
  readonly chunk: store.ChunkSpan | undefined;
}

type Found = Omit<Stretch, 'at'>;

class Drawing {
  readonly #ports: QueryPorts;
  readonly #series: Series;
  readonly #question: TrendQuestion;
  readonly #stamps: Span;
  /** Of the first stamps that are asked for; bands have their borders by it. */
  readonly #offsetMs: number;

  constructor(ports: QueryPorts, series: Series, question: TrendQuestion) {
    this.#ports = ports;
    this.#series = series;
    this.#question = question;
    this.#stamps = stampsOf(ports, series, question);
    this.#offsetMs = ports.offsetsOf(series).at(this.#stamps.fromMs);
  }

  async draw(
    valuesMax: number,
  ): Promise<{ lane: TrendLane | undefined; read: number } | undefined> {
    const { points } = this.#question;
    const stretches = await this.#stretches();
    if (stretches === undefined) return undefined;
    const values = stretches.reduce((sum, { count }) => sum + count, 0);
    const levelMs = values > points * VALUES_A_POINT_MAX ? this.#levelMs() : undefined;
    if (levelMs === undefined) {
      if (values > valuesMax) return undefined;
      const lane = new Lane(this.#series, plainGrid(this.#question, points), points);
      for (const stretch of inReads(stretches)) await this.#read(lane, stretch, undefined);
      return { lane: lane.answer(), read: values };
    }
    const lane = new Lane(this.#series, this.#snappedGrid(levelMs), points);
    const rest = await this.#drawSummaries(lane, stretches, levelMs);
    const read = rest.reduce((sum, { count }) => sum + count, 0);
    if (read > valuesMax) return undefined;
    for (const stretch of inReads(rest)) await this.#read(lane, stretch, levelMs);
    return { lane: lane.answer(), read };
  }

  get #isWaveform(): boolean {
    return this.#series.metric.kind === 'waveform';
  }

  /** The coarsest roll-up of which a band has enough rows. */
  #levelMs(): number | undefined {
    const { fromMs, toMs, points } = this.#question;
    const finestMs = (toMs - fromMs) / points / ROWS_A_BAND_MIN;
    const levels: readonly number[] = this.#isWaveform ? WAVEFORM_LEVELS_MS : READING_LEVELS_MS;
    return levels.findLast((levelMs) => levelMs <= finestMs);
  }

  /** Bands of whole rows, no more of them than there are points, and one that begins before the span. */
  #snappedGrid(levelMs: number) {
    const { fromMs, toMs, points } = this.#question;
    const bandMs = Math.ceil((toMs - fromMs) / (points - 1) / levelMs) * levelMs;
    const originMs = Math.floor((fromMs - this.#offsetMs) / bandMs) * bandMs + this.#offsetMs;
    return { originMs, bandMs };
  }

  /** Chunks and head in order of time, those that overlap as one; undefined when there are too many. */
  async #stretches(): Promise<Stretch[] | undefined> {
    const { heads, read } = this.#ports;
    const asked = this.#asked(this.#stamps);
    for (let tries = 1; ; tries += 1) {
      const { flushes } = heads;
      const chunks = await read(organisationOf([this.#series]), (tx) =>
        store.chunkSpans(tx, asked, CHUNKS_MAX + 1),
      );
      if (heads.flushes !== flushes && tries < TRIES_MAX) continue;
      if (chunks.length > CHUNKS_MAX) return undefined;
      const slackMs = this.#isWaveform ? WAVEFORM_SLACK_MS : 0;
      const found = chunks.map((chunk): Found => {
        const { first_ms: firstMs, last_ms, count } = chunk;
        return { firstMs, lastMs: Math.max(firstMs, last_ms - slackMs), count, chunk };
      });
      return apart([...this.#withoutHidden(found), ...this.#unflushed()]);
    }
  }

  /** What is on its way to another subject is hidden where chunks are read, so such a chunk is read. */
  #withoutHidden(found: readonly Found[]): Found[] {
    const hidden = this.#ports.registry.hiddenStamps(this.#series);
    if (hidden.length === 0) return [...found];
    return found.map((stretch) => {
      const isPart = hidden.some(
        ({ fromMs, untilMs }) => fromMs <= stretch.lastMs && stretch.firstMs < untilMs,
      );
      return isPart ? { ...stretch, chunk: undefined } : stretch;
    });
  }

  #asked({ fromMs, toMs }: Span): store.StampQuestion {
    const { partition, subjectId, id } = this.#series;
    return { partition, subjectId, seriesId: id, fromMs, toMs };
  }

  #unflushed(): Found[] {
    const { heads } = this.#ports;
    const { fromMs, toMs } = this.#stamps;
    const runs = heads.waveforms.get(this.#series.id)?.unflushed() ?? [];
    const readings = heads.readings.get(this.#series.id)?.unflushed() ?? [];
    const stretches = [
      ...runs.map((run) => {
        return { firstMs: run.startMs, lastMs: endOf(run), count: run.samples.length };
      }),
      ...readings.map(({ stampsMs }) => {
        const [firstMs = 0, lastMs = 0] = [stampsMs[0], stampsMs.at(-1)];
        return { firstMs, lastMs, count: stampsMs.length };
      }),
    ];
    return stretches
      .filter(({ firstMs, lastMs }) => firstMs < toMs && lastMs >= fromMs)
      .map((stretch) => ({ ...stretch, chunk: undefined }));
  }

  /** What could not be drawn from what is said beside it. */
  async #drawSummaries(lane: Lane, stretches: Stretch[], levelMs: number): Promise<Stretch[]> {
    const rest = stretches.filter(({ chunk }) => chunk === undefined);
    const alone = stretches.flatMap((stretch) =>
      stretch.chunk === undefined ? [] : [{ ...stretch, chunk: stretch.chunk }],
    );
    for (let at = 0; at < alone.length; at += SUMMARIES_AT_ONCE) {
      const page = alone.slice(at, at + SUMMARIES_AT_ONCE);
      const [fromMs = 0, toMs = 0] = [page[0]?.firstMs, page.at(-1)?.firstMs];
      const rows = await this.#ports.read(organisationOf([this.#series]), (tx) =>
        store.summariesBetween(tx, this.#asked({ fromMs, toMs })),
      );
      const byName = new Map(rows.map((row) => [`${row.generation}/${row.first_ms}`, row]));
      for (const stretch of page) {
        const { generation, first_ms } = stretch.chunk;
        const row = byName.get(`${generation}/${first_ms}`);
        const isDrawn = row !== undefined && this.#addSummary(lane, { stretch, row }, levelMs);
        if (!isDrawn) rest.push(stretch);
      }
      await this.#ports.pause();
    }
    return rest.sort((a, b) => a.firstMs - b.firstMs);
  }

  /** False when the chunk has to be read: another version, damage, or too sparse for roll-ups. */
  #addSummary(
    lane: Lane,
    { stretch, row }: { stretch: Stretch; row: store.SealedSummary },
    levelMs: number,
  ): boolean {
    const { id, subjectId } = this.#series;
    const place = summaryContext(id, row.generation, row.first_ms);
    const opened = this.#ports.sealOf(subjectId)?.open(row.summary, place);
    const summary = opened?.ok ? decodeSummary(opened.value, levelMs) : undefined;
    if (summary === undefined) return false;
    const { scale, totals, rollUp } = summary;
    if (this.#isInOneBand(lane, stretch, levelMs)) {
      this.#addRow(lane, stretch.firstMs, levelMs, unscaled(scale, totals));
      return true;
    }
    if (rollUp === undefined) return false;
    for (let i = 0; i < rollUp.startsMs.length; i += 1) {
      const amount = {
        count: rollUp.counts[i] as number,
        sum: rollUp.sums[i] as number,
        low: rollUp.lows[i] as number,
        high: rollUp.highs[i] as number,
        flags: rollUp.flags[i] as number,
      };
      this.#addRow(lane, rollUp.startsMs[i] as number, levelMs, unscaled(scale, amount));
    }
    return true;
  }

  /** All of it is drawn, and all in one place. */
  #isInOneBand(lane: Lane, { firstMs, lastMs }: Stretch, levelMs: number): boolean {
    const { fromMs, toMs } = this.#question;
    const [first, last] = [this.#rowTimeMs(firstMs, levelMs), this.#rowTimeMs(lastMs, levelMs)];
    return lane.bandOf(first) === lane.bandOf(last) && first >= fromMs && last < toMs;
  }

  #rowTimeMs(stampMs: number, levelMs: number): number {
    const rowMs = Math.floor(stampMs / levelMs) * levelMs;
    return rowMs + this.#ports.offsetsOf(this.#series).at(rowMs);
  }

  /** A row is drawn when any of it lies in the span: bands at its ends are whole ones. */
  #addRow(lane: Lane, startMs: number, levelMs: number, amount: Amount): void {
    const { fromMs, toMs } = this.#question;
    const timeMs = this.#rowTimeMs(startMs, levelMs);
    if (timeMs + levelMs > fromMs && timeMs < toMs) lane.addAmount(timeMs, amount);
  }

  /** Reads and draws what has stamps of the stretch; by whole rows when there is a level. */
  async #read(lane: Lane, { firstMs, lastMs }: Found, levelMs: number | undefined): Promise<void> {
    const add = (stampMs: number, timeMs: number, value: number, flags: number): void => {
      if (levelMs === undefined) lane.add(timeMs, value, flags);
      else
        this.#addRow(lane, stampMs, levelMs, {
          count: 1,
          sum: value,
          low: value,
          high: value,
          flags,
        });
    };
    const span = this.#timesOf(firstMs, lastMs, levelMs);
    const asked = { ...span, unreadable: this.#question.unreadable };
    if (this.#isWaveform) {
      const [found] = await runsOfSeries(this.#ports, [this.#series], asked);
      for (const { startMs, rate, samples, gain, zero, flags } of found?.runs ?? []) {
        const offsetMs = this.#ports.offsetsOf(this.#series).at(startMs);
        for (let i = 0; i < samples.length; i += 1) {
          const timeMs = startMs + sampleOffsetMs(rate, i);
          add(timeMs - offsetMs, timeMs, ((samples[i] as number) - zero) / gain, flags);
        }
      }
    } else {
      for (const { stampsMs, timesMs, values, flags } of await readWindow(
        this.#ports,
        [this.#series],
        asked,
      ))
        for (let i = 0; i < stampsMs.length; i += 1) {
          const stampMs = stampsMs[i] as number;
          if (stampMs < firstMs || stampMs > lastMs) continue;
          add(stampMs, timesMs[i] as number, values[i] as number, flags[i] as number);
        }
    }
  }

  /** The corrected times of a stretch, as far as they are asked for; whole rows where there is a level. */
  #timesOf(firstMs: number, lastMs: number, levelMs = 0): Span {
    const { fromMs, toMs } = this.#question;
    const { low, high } = this.#ports.offsetsOf(this.#series).span;
    return {
      fromMs: Math.max(fromMs - levelMs, firstMs + low),
      toMs: Math.min(toMs + levelMs, lastMs + high + 1),
    };
  }
}

/** Stretches in order, those that overlap made one, which has to be read. */
function apart(stretches: readonly Found[]): Stretch[] {
  const joined: Found[] = [];
  for (const stretch of stretches.toSorted((a, b) => a.firstMs - b.firstMs)) {
    const last = joined.at(-1);
    if (last === undefined || stretch.firstMs > last.lastMs) {
      joined.push(stretch);
      continue;
    }
    const lastMs = Math.max(last.lastMs, stretch.lastMs);
    const count = last.count + stretch.count;
    joined[joined.length - 1] = { firstMs: last.firstMs, lastMs, count, chunk: undefined };
  }
  return joined.map((stretch, at) => ({ at, ...stretch }));
}

/** Neighbours are read together, as many as are well read at once; never what lies between two. */
function inReads(stretches: readonly Stretch[]): Found[] {
  const reads: Found[] = [];
  let nextAt = Number.NaN;
  for (const stretch of stretches) {
    const last = reads.at(-1);
    const isNext = stretch.at === nextAt;
    nextAt = stretch.at + 1;
    if (last === undefined || !isNext || last.count + stretch.count > VALUES_AT_ONCE) {
      reads.push(stretch);
      continue;
    }
    const count = last.count + stretch.count;
    reads[reads.length - 1] = { ...last, lastMs: stretch.lastMs, count };
  }
  return reads;
}
