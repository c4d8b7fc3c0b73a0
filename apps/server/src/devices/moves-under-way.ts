/**
 * Spans of a device that are another subject's than was thought, while their readings are on the way
 * there. Until they have arrived nobody is shown them: not as the wrong subject's, and not twice.
 */
import type { DeviceId, SubjectId } from '@ausculta/vitals/identity';

export interface MoveUnderWay {
  readonly id: string;
  readonly deviceId: DeviceId;
  readonly fromSubjectId: SubjectId;
  readonly toSubjectId: SubjectId;
  /** Corrected time, half-open. */
  readonly fromMs: number;
  readonly untilMs: number;
}

const NOTHING: readonly MoveUnderWay[] = [];

export class MovesUnderWay {
  /** When readings came last to a subject from another record: backups of before know them there. */
  readonly arrivedMs = new Map<SubjectId, number>();
  /** Counts what begins and what has arrived. */
  changes = 0;
  #moves: readonly MoveUnderWay[] = NOTHING;
  /** Subjects of an act that is being written down. */
  readonly #inAct = new Map<SubjectId, number>();

  add(moves: readonly MoveUnderWay[]): void {
    this.#moves = [...this.#moves, ...moves];
    this.changes += 1;
  }

  /** It has arrived. */
  end(id: string): void {
    this.#moves = this.#moves.filter((move) => move.id !== id);
    this.changes += 1;
  }

  get isAny(): boolean {
    return this.#moves.length > 0;
  }

  all(): readonly MoveUnderWay[] {
    return this.#moves;
  }

  /** What of a device is on its way away from a subject. */
  leaving(subjectId: SubjectId, deviceId: string): readonly MoveUnderWay[] {
    if (this.#moves.length === 0) return NOTHING;
    return this.#moves.filter(
      (move) => move.fromSubjectId === subjectId && move.deviceId === deviceId,
    );
  }

  /** Whether a record takes part in a move: its key has to last until the move is done. */
  concerns(subjectId: SubjectId): boolean {
    return (
      this.#inAct.has(subjectId) ||
      this.#moves.some((m) => m.fromSubjectId === subjectId || m.toSubjectId === subjectId)
    );
  }

  /** Holds the records of an act while it is written down. */
  hold(subjectIds: readonly SubjectId[]): Disposable {
    const change = (by: number): void => {
      for (const id of subjectIds) {
        const count = (this.#inAct.get(id) ?? 0) + by;
        if (count > 0) this.#inAct.set(id, count);
        else this.#inAct.delete(id);
      }
    };
    change(1);
    return { [Symbol.dispose]: () => change(-1) };
  }
}

/** A move that ends more often than this while one question is asked is not worth waiting for. */
const TRIES_MAX = 5;

/**
 * Asks, and asks again if a move has begun or ended meanwhile: what was read before it ended, and is
 * looked at after it, would be taken for a record's own.
 */
export async function unmoved<T>(moves: MovesUnderWay, ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    const { changes } = moves;
    const answer = await ask();
    if (moves.changes === changes || tries === TRIES_MAX) return answer;
  }
}
