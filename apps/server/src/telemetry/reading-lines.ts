/** Readings as JSON lines, in time order, as fast as the reader takes them. */
import type { ReadingLine, UnreadableLine, UnreadablePart } from '@ausculta/contract/readings';
import { flagNames } from '@ausculta/vitals/reading';
import type { FastifyReply } from 'fastify';
import type { SeriesRange } from './merge.ts';

/** Lines written before the socket gets a chance to say that it is full. */
const LINES_AT_ONCE = 2_000;

/** One JSON object a line, in time order, read from the database as fast as the reader takes them. */
export async function writeLines(
  reply: FastifyReply,
  {
    windows,
    unreadable,
  }: {
    windows: AsyncIterable<readonly SeriesRange[]>;
    /** Grows as windows are read; each part is told in the window in which it is met. */
    unreadable: readonly UnreadablePart[];
  },
  limit: number,
): Promise<void> {
  const { raw } = reply;
  raw.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
  let lines = 0;
  let told = 0;
  for await (const ranges of windows) {
    let text = '';
    for (const part of unreadable.slice(told)) {
      text += `${JSON.stringify({ unreadable: part } satisfies UnreadableLine)}\n`;
    }
    told = unreadable.length;
    for (const line of inTimeOrder(ranges)) {
      text += `${JSON.stringify(line)}\n`;
      lines += 1;
      if (lines === limit) break;
      if (lines % LINES_AT_ONCE !== 0) continue;
      await written(raw, text);
      text = '';
      if (raw.destroyed) return;
    }
    await written(raw, text);
    if (raw.destroyed || lines === limit) break;
  }
  raw.end();
}

/** Resolves when there is room for more, or nobody is left to read it. */
async function written(raw: FastifyReply['raw'], text: string): Promise<void> {
  if (text === '' || raw.write(text) || raw.destroyed) return;
  await new Promise<void>((resolve) => {
    raw.once('drain', resolve);
    raw.once('close', resolve);
  });
}

function* inTimeOrder(ranges: readonly SeriesRange[]): Generator<ReadingLine> {
  const at = ranges.map(() => 0);
  for (;;) {
    let next = -1;
    for (let r = 0; r < ranges.length; r += 1) {
      const timeMs = ranges[r]?.timesMs[at[r] as number];
      if (timeMs === undefined) continue;
      const bestMs = next < 0 ? undefined : ranges[next]?.timesMs[at[next] as number];
      if (bestMs === undefined || timeMs < bestMs) next = r;
    }
    const range = ranges[next];
    if (range === undefined) return;
    yield lineOf(range, at[next] as number);
    at[next] = (at[next] as number) + 1;
  }
}

function lineOf(range: SeriesRange, index: number): ReadingLine {
  const { metric, deviceId } = range.series;
  return {
    stamp: new Date(range.stampsMs[index] as number).toISOString(),
    time: new Date(range.timesMs[index] as number).toISOString(),
    value: range.values[index] as number,
    unit: metric.unit,
    flags: flagNames(range.flags[index] as number),
    device: deviceId,
    metric: metric.key,
  };
}
