/**
 * Servers that are broken on purpose, each by one sentence of the real code: a simulator that does not
 * catch them would catch nothing. A sentence that is no longer there is told, not skipped.
 */
export interface Edit {
  /** From the root of the repository. */
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

export interface Variant {
  readonly edits: readonly Edit[];
  /** The store answers before it has synced, and forgets the rest when it dies. */
  readonly answersBeforeSync: boolean;
  /** Caught within so few seeds that every test run can afford it. */
  readonly isQuick: boolean;
  /** A seed that shows it soon. */
  readonly from: number;
}

const SERVER = 'apps/server/src/';
const TELEMETRY = `${SERVER}telemetry/`;
const LIFE = 'tests/simulation/server-life.ts';

/** What is rare in a short run is made common: of every run, broken or not. */
export const SCALE: readonly Edit[] = [
  {
    file: `${TELEMETRY}compaction-plan.ts`,
    find: 'export const CHUNKS_OF_A_KIND = 24;',
    put: 'export const CHUNKS_OF_A_KIND = 3;',
  },
  {
    file: `${TELEMETRY}rollup.ts`,
    find: 'export const READING_LEVELS_MS = [MINUTE_MS,',
    put: 'export const READING_LEVELS_MS = [SECOND_MS, 10_000, MINUTE_MS,',
  },
  {
    file: `${TELEMETRY}rollup.ts`,
    find: 'const DENSE_VALUES_MIN = 8;',
    put: 'const DENSE_VALUES_MIN = 1;',
  },
  {
    file: `${TELEMETRY}reading-windows.ts`,
    find: 'const WINDOW_MAX: store.WindowSize = { chunks: 256, readings: 2_000_000 };',
    put: 'const WINDOW_MAX: store.WindowSize = { chunks: 4, readings: 50 };',
  },
  {
    file: `${TELEMETRY}reading-pieces.ts`,
    find: 'const PIECE_READINGS_MIN = CHUNK_READINGS_MAX / 4;',
    put: 'const PIECE_READINGS_MIN = 4;',
  },
];

const broken = (file: string, find: string, put: string): Variant => ({
  edits: [{ file, find, put }],
  answersBeforeSync: false,
  isQuick: false,
  from: 1,
});

const quick = (variant: Variant, from = 1): Variant => ({ ...variant, isQuick: true, from });

export const VARIANTS: Readonly<Record<string, Variant>> = {
  'acknowledges-before-the-commit': quick(
    broken(
      `${TELEMETRY}group-commit.ts`,
      'batch.answers.push(onDurable);',
      'onDurable(undefined);',
    ),
  ),
  'takes-a-failed-commit-for-a-good-one': quick(
    broken(
      `${TELEMETRY}group-commit.ts`,
      'this.#ports.after(RETRY_MS, () => void this.#write(batch, sequence));\n      return;',
      '',
    ),
  ),
  'believes-a-store-that-has-not-synced': quick({
    edits: [],
    answersBeforeSync: true,
    isQuick: true,
    from: 1,
  }),
  'loses-the-last-entry-of-a-batch': quick(
    broken(
      `${TELEMETRY}log-batch.ts`,
      'for (let i = 0; i < entries.length; i += 1) {\n    const entry = entries[i] as LogEntry;',
      'for (let i = 0; i < entries.length - 1; i += 1) {\n    const entry = entries[i] as LogEntry;',
    ),
  ),
  'moves-the-checkpoint-one-commit-too-far': broken(
    `${TELEMETRY}flushing.ts`,
    'takeInstant(this.#flushPorts, span, this.#ports.consumed())',
    'takeInstant(this.#flushPorts, span, this.#ports.consumed() + 1)',
  ),
  'takes-another-instant-after-a-failed-flush': broken(
    `${TELEMETRY}flushing.ts`,
    'if (this.#instant !== undefined) await this.#write(this.#instant);',
    '',
  ),
  'replays-nothing-of-who-had-no-turn-yet': broken(
    `${TELEMETRY}postgres-log.ts`,
    'checkpoints.size < PARTITIONS ?',
    'checkpoints.size === 0 ?',
  ),
  'lets-hours-go-before-every-turn': broken(
    `${TELEMETRY}flushing.ts`,
    'fill(Number.NEGATIVE_INFINITY)',
    'fill(Number.NaN)',
  ),
  'edits-a-flush-that-is-being-written': broken(
    `${TELEMETRY}flushing.ts`,
    'while (this.#running !== undefined) await this.#running;',
    'await this.#running;',
  ),
  'gives-what-moved-the-generation-of-its-flush': broken(
    `${TELEMETRY}telemetry.ts`,
    'this.heads.readings.get(series.id)?.rank(sequence);',
    '',
  ),
  'recalls-what-goes-on-to-somebody-else': broken(
    `${TELEMETRY}last-readings.ts`,
    '  // It may have come here only to go on to somebody else.\n  concealMoving(ports, series);\n',
    '',
  ),
  'ignores-the-generation': broken(
    `${TELEMETRY}flush.ts`,
    'encodeChunks(ports, taken, sequence)',
    'encodeChunks(ports, taken, 1)',
  ),
  'forgets-the-erased-set': quick(
    broken(`${TELEMETRY}telemetry.ts`, 'this.#erased.add(subjectId);', ''),
  ),
  'remembers-who-wore-a-device': broken(
    `${SERVER}devices/registry.ts`,
    'device.forgetSubject(subjectId);',
    '',
  ),
  'checkpoints-before-its-alarms': broken(
    `${TELEMETRY}flush.ts`,
    'await ports.settleAlarms();',
    '',
  ),
  'drops-hours-that-are-not-flushed': broken(
    `${TELEMETRY}postgres-log.ts`,
    'if (last > flushedSequence && table < keepFrom) keepFrom = table;',
    '',
  ),
  'looks-for-silence-too-early': broken(
    `${SERVER}status/health.ts`,
    '(telemetry.unconsumedSinceMs ??',
    '(telemetry.stalledSinceMs ??',
  ),
  'reads-before-it-has-taken-over': {
    edits: [
      {
        file: LIFE,
        find: '  const owner = await PostgresLog.takeOver(sql);\n',
        put:
          '  const registry = await Registry.load({ sql, inLane: (work) => inLane(work), keys: vault });\n' +
          '  const owner = await PostgresLog.takeOver(sql);\n',
      },
      {
        file: LIFE,
        find: '  const registry = await Registry.load({ sql, inLane, keys: vault });\n',
        put: '',
      },
    ],
    answersBeforeSync: false,
    isQuick: false,
    from: 1,
  },
  'writes-alarms-of-a-server-that-was-replaced': broken(
    `${SERVER}alarms/alarm-writer.ts`,
    'await this.#ports.holdLane(tx);',
    '',
  ),
  'counts-a-waiting-message-twice': broken(
    `${SERVER}doors/intake.ts`,
    "if (accepted.kind === 'needs') device.clock = clock;",
    '',
  ),
  'merges-without-the-generation': broken(
    `${TELEMETRY}compaction.ts`,
    'parts.push({ generation: row.generation, block: opened.value });',
    'parts.unshift({ generation: -row.generation, block: opened.value });',
  ),
  'answers-while-a-flush-ends': broken(
    `${TELEMETRY}sealed-chunks.ts`,
    'ports.heads.flushes === flushes && ',
    '',
  ),
  'leaves-readings-with-who-had-them': quick(
    broken(
      `${TELEMETRY}subject-moves.ts`,
      'if (inside.length === 0) continue;',
      'if (inside.length > 0) continue;',
    ),
    40,
  ),
  'moves-readings-before-they-are-flushed': quick(
    broken(
      `${SERVER}reattribution/reattribution.ts`,
      'if (!(await telemetry.flushedSoFar())) return false;',
      '',
    ),
    50,
  ),
  'shows-readings-that-are-on-their-way': quick(
    broken(
      `${SERVER}devices/registry.ts`,
      'const leaving = this.moves.leaving(subjectId, deviceId);',
      'const leaving: ReturnType<MovesUnderWay["leaving"]> = [];',
    ),
    40,
  ),
  'shows-what-became-durable-after-the-act': quick(
    broken(`${TELEMETRY}telemetry.ts`, 'this.#concealMoving(entries);', ''),
    104,
  ),
  'leaves-the-row-of-a-series-with-the-erased': broken(
    `${SERVER}devices/registry.ts`,
    'return this.#rows.settle();',
    'return Promise.resolve();',
  ),
  'forgets-orders-when-it-starts': broken(
    `${SERVER}reattribution/reattribution.ts`,
    'reattribution.begin(await store.readUnfinished(ports.sql));',
    '',
  ),
  'does-not-find-out-what-became-of-an-act': broken(
    `${SERVER}reattribution/acts.ts`,
    'this.#doubt = reattribution.findOut(device).finally(() => stillHeld.dispose());',
    'stillHeld.dispose();',
  ),
  'moves-readings-as-newer-ones': broken(
    `${TELEMETRY}subject-moves.ts`,
    'const what = { series, kind, generation, closed: false, content };',
    'const what = { series, kind, generation: generation + 1_000_000, closed: false, content };',
  ),
  'erases-a-record-on-the-move': quick(
    broken(
      `${SERVER}erasure/erasure.ts`,
      "if (registry.moves.concerns(id)) return fail('READINGS_MOVING');",
      '',
    ),
    9,
  ),
  'sums-up-one-value-too-few': quick(
    broken(
      `${TELEMETRY}rollup.ts`,
      'for (let i = 0; i < numbers.length; i += 1) {\n    const stampMs',
      'for (let i = 1; i < numbers.length; i += 1) {\n    const stampMs',
    ),
  ),
  'draws-a-chunk-that-others-overlap': broken(
    `${TELEMETRY}trend.ts`,
    'if (last === undefined || stretch.firstMs > last.lastMs) {',
    'if (last === undefined || stretch.firstMs >= last.firstMs) {',
  ),
  'leaves-a-reading-between-two-windows': quick(
    broken(
      `${TELEMETRY}reading-windows.ts`,
      'if (newestFirst) toMs = span.fromMs;',
      'if (newestFirst) toMs = span.fromMs - 1_000;',
    ),
  ),
  'takes-in-what-it-has-no-memory-for': quick(
    broken(`${SERVER}doors/intake.ts`, "return pressure === 'all' ||", 'return'),
  ),
  'forgets-what-a-flush-has-in-hand': broken(
    `${TELEMETRY}memory-budget.ts`,
    'this.#flushing += this.#fresh;',
    '',
  ),
};
