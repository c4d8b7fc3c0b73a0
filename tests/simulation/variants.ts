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
}

const SERVER = 'apps/server/src/';
const TELEMETRY = `${SERVER}telemetry/`;

/** What is rare in a short run is made common: of every run, broken or not. */
export const SCALE: readonly Edit[] = [
  {
    file: `${TELEMETRY}compaction-plan.ts`,
    find: 'export const CHUNKS_OF_A_KIND = 24;',
    put: 'export const CHUNKS_OF_A_KIND = 3;',
  },
];

const broken = (file: string, find: string, put: string): Variant => ({
  edits: [{ file, find, put }],
  answersBeforeSync: false,
  isQuick: false,
});

const quick = (variant: Variant): Variant => ({ ...variant, isQuick: true });

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
  }),
  'loses-the-last-entry-of-a-batch': quick(
    broken(
      `${TELEMETRY}log-batch.ts`,
      'for (let i = 0; i < entries.length; i += 1) {\n    const entry = entries[i] as LogEntry;',
      'for (let i = 0; i < entries.length - 1; i += 1) {\n    const entry = entries[i] as LogEntry;',
    ),
  ),
  'moves-the-checkpoint-one-commit-too-far': broken(
    `${TELEMETRY}telemetry.ts`,
    'takeInstant(this.#flushPorts, this.#consumed)',
    'takeInstant(this.#flushPorts, this.#consumed + 1)',
  ),
  'takes-another-instant-after-a-failed-flush': broken(
    `${TELEMETRY}telemetry.ts`,
    'this.#instant ??= takeInstant',
    'this.#instant = takeInstant',
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
  'reads-before-it-has-taken-over': broken(
    `${TELEMETRY}postgres-log.ts`,
    'static async takeOver(sql: Sql): Promise<void> {\n    await store.takeLane(sql, LANE);',
    'static async takeOver(_sql: Sql): Promise<void> {',
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
};
