/** What places the stamps of one epoch of a device's clock in time. It never changes: what is known later is another. */

/** From this stamp of an epoch on, measured time = stamp + offset. */
export interface OffsetMark {
  readonly fromStampMs: number;
  readonly offsetMs: number;
}

/** Half-open. */
export interface StampSpan {
  readonly fromMs: number;
  readonly untilMs: number;
}

export class StampOffsets {
  /** Of a clock of which nothing is known. */
  static readonly NONE = new StampOffsets([]);

  /** In order of stamps. Before the first mark the first one holds. */
  readonly marks: readonly OffsetMark[];

  private constructor(marks: readonly OffsetMark[]) {
    this.marks = marks;
  }

  /** A mark at the same stamp is replaced. */
  with(mark: OffsetMark): StampOffsets {
    const others = this.marks.filter(({ fromStampMs }) => fromStampMs !== mark.fromStampMs);
    return new StampOffsets([...others, mark].sort((a, b) => a.fromStampMs - b.fromStampMs));
  }

  at(stampMs: number): number {
    const newest = this.marks.at(-1);
    if (newest === undefined) return 0;
    if (newest.fromStampMs <= stampMs) return newest.offsetMs;
    let offsetMs = this.marks[0]?.offsetMs ?? 0;
    for (const mark of this.marks) {
      if (mark.fromStampMs > stampMs) break;
      offsetMs = mark.offsetMs;
    }
    return offsetMs;
  }

  /** The widest of them: a question in measured time must look this far around it in stamps. */
  get span(): { low: number; high: number } {
    const offsets = this.marks.map(({ offsetMs }) => offsetMs);
    return offsets.length === 0
      ? { low: 0, high: 0 }
      : { low: Math.min(...offsets), high: Math.max(...offsets) };
  }

  /** The stamps that are placed in a span of time, in order. */
  stampsWithin(span: StampSpan): StampSpan[] {
    const marks = this.marks.length > 0 ? this.marks : [{ fromStampMs: 0, offsetMs: 0 }];
    const found: StampSpan[] = [];
    for (const [i, { fromStampMs, offsetMs }] of marks.entries()) {
      const fromMs = Math.max(
        i === 0 ? Number.NEGATIVE_INFINITY : fromStampMs,
        span.fromMs - offsetMs,
      );
      const endMs = marks[i + 1]?.fromStampMs ?? Number.POSITIVE_INFINITY;
      const untilMs = Math.min(endMs, span.untilMs - offsetMs);
      if (fromMs < untilMs) found.push({ fromMs, untilMs });
    }
    return found;
  }
}
