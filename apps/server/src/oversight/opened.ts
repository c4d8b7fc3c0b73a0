/** How many different records each account has opened: within any hour, and in each hour of the clock. */
import type { AccountId, SubjectId } from '@ausculta/vitals/identity';

export const HOUR_MS = 3_600_000;
export const hourOf = (atMs: number): number => Math.floor(atMs / HOUR_MS) * HOUR_MS;

interface Opening {
  readonly accountId: AccountId;
  readonly subjectId: SubjectId;
  readonly atMs: number;
}

interface EndedHour {
  readonly accountId: AccountId;
  readonly hourMs: number;
  readonly records: number;
}

export class Opened {
  /** When each record was opened last: those of longest ago first. */
  readonly #lately = new Map<AccountId, Map<SubjectId, number>>();
  readonly #hours = new Map<number, Map<AccountId, Set<SubjectId>>>();

  /** How many there are within an hour, with this one. */
  add(opening: Opening): number {
    const { accountId, subjectId, atMs } = opening;
    this.#addToHour(opening);
    const lately = this.#lately.get(accountId) ?? new Map<SubjectId, number>();
    this.#lately.set(accountId, lately);
    const lastMs = Math.max(atMs, lately.get(subjectId) ?? atMs);
    lately.delete(subjectId);
    lately.set(subjectId, lastMs);
    for (const [id, openedMs] of lately) {
      if (openedMs > atMs - HOUR_MS) break;
      lately.delete(id);
    }
    return lately.size;
  }

  #addToHour({ accountId, subjectId, atMs }: Opening): void {
    const hourMs = hourOf(atMs);
    const accounts = this.#hours.get(hourMs) ?? new Map<AccountId, Set<SubjectId>>();
    this.#hours.set(hourMs, accounts);
    const opened = accounts.get(accountId) ?? new Set<SubjectId>();
    accounts.set(accountId, opened);
    opened.add(subjectId);
  }

  /** Those of hours of the clock that had ended by then. */
  endedBy(ms: number): EndedHour[] {
    const ended = [...this.#hours].filter(([hourMs]) => hourMs + HOUR_MS <= ms);
    return ended.flatMap(([hourMs, accounts]) =>
      [...accounts].map(([accountId, { size }]) => ({ accountId, hourMs, records: size })),
    );
  }

  /** What ended by then; and who has opened nothing for an hour before it. */
  forget(ms: number): void {
    for (const hourMs of this.#hours.keys()) if (hourMs + HOUR_MS <= ms) this.#hours.delete(hourMs);
    for (const [accountId, lately] of this.#lately) {
      const lastMs = [...lately.values()].at(-1) ?? 0;
      if (lastMs <= ms - HOUR_MS) this.#lately.delete(accountId);
    }
  }
}
