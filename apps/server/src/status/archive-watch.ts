/**
 * Whether the log still reaches the archive of the backups. While it does not, finished segments stay
 * with the server: nothing is lost and the disk fills, and no restore reaches further than the last one.
 */
import type { Outside } from '../outside.ts';
import type { Part } from './routes.ts';

const LOOK_MS = 10_000;

/** As PostgreSQL counts it; null: never. */
export interface ArchiverTimes {
  readonly archivedMs: number | null;
  readonly failedMs: number | null;
}

export class ArchiveWatch {
  #times: ArchiverTimes = { archivedMs: null, failedMs: null };
  #failingSinceMs: number | undefined;

  /** Undefined while no log is archived, or while all is well. */
  get failingSinceMs(): number | undefined {
    return this.#failingSinceMs;
  }

  /** True when it has begun to fail. */
  note(times: ArchiverTimes): boolean {
    const { archivedMs, failedMs } = times;
    this.#times = times;
    const isFailing = failedMs !== null && (archivedMs === null || failedMs > archivedMs);
    const hasBegun = isFailing && this.#failingSinceMs === undefined;
    if (hasBegun) this.#failingSinceMs = failedMs;
    if (!isFailing) this.#failingSinceMs = undefined;
    return hasBegun;
  }

  /** Nothing is said where no backup was ever begun. */
  part(): Part[] {
    const { archivedMs } = this.#times;
    if (this.#failingSinceMs !== undefined) {
      const last = archivedMs === null ? 'nothing' : `up to ${timeOf(archivedMs)}`;
      const detail = `cannot be written since ${timeOf(this.#failingSinceMs)}; it holds ${last}. See that its disk is there and has room`;
      return [{ name: 'archive', ready: true, attention: true, detail }];
    }
    if (archivedMs === null) return [];
    return [{ name: 'archive', ready: true, detail: `up to ${timeOf(archivedMs)}` }];
  }
}

const timeOf = (atMs: number): string => new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');

export function watchArchive(ports: {
  readonly watch: ArchiveWatch;
  readonly read: () => Promise<ArchiverTimes>;
  readonly outside: Pick<Outside, 'every' | 'onProblem'>;
}): () => void {
  const { watch, read, outside } = ports;
  const look = (): void => {
    read().then(
      (times) => {
        if (watch.note(times))
          outside.onProblem('archive the log of the database', new Error('it cannot be written'));
      },
      // Who has no database has other news.
      () => undefined,
    );
  };
  look();
  return outside.every(LOOK_MS, look);
}
