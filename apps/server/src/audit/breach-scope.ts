/** Of whom something was shown in a span, by the audit of reads; and until when the law has it told. Pure. */
import type { ExposedPerson } from '@ausculta/contract/breach-scope';
import type { ReadEntry } from './read-entry.ts';

export interface ScopeAsked {
  readonly fromMs: number;
  /** Not included. */
  readonly toMs: number;
  /** An account, or `token-…`; undefined: whoever. */
  readonly who?: string | undefined;
  readonly route?: string | undefined;
}

interface Exposed {
  accesses: number;
  firstMs: number;
  lastMs: number;
  taken: boolean;
  readonly who: Set<string>;
  readonly routes: Set<string>;
}

/** Whoever looks into a breach looks at everybody: that is in the audit, and no breach. */
export const OWN_ROUTES = ['/api/breach-scope', '/api/breach-scope/table'];

export class ScopeTally {
  readonly #asked: ScopeAsked;
  readonly #exposed = new Map<string, Exposed>();
  accesses = 0;

  constructor(asked: ScopeAsked) {
    this.#asked = asked;
  }

  add(entry: ReadEntry): void {
    const { fromMs, toMs, who, route } = this.#asked;
    const { atMs } = entry;
    const isMeant =
      fromMs <= atMs &&
      atMs < toMs &&
      // What was refused has shown nothing.
      entry.status < 400 &&
      (who === undefined || who === entry.who) &&
      (route === undefined || route === entry.route) &&
      !OWN_ROUTES.includes(entry.route);
    if (!isMeant) return;
    this.accesses += 1;
    for (const id of entry.subjects) this.#note(id, entry);
  }

  #note(subjectId: string, { atMs, who, route, act }: ReadEntry): void {
    const known = this.#exposed.get(subjectId);
    const now = known ?? {
      ...{ accesses: 0, firstMs: atMs, lastMs: atMs, taken: false },
      ...{ who: new Set<string>(), routes: new Set<string>() },
    };
    if (known === undefined) this.#exposed.set(subjectId, now);
    now.accesses += 1;
    now.firstMs = Math.min(now.firstMs, atMs);
    now.lastMs = Math.max(now.lastMs, atMs);
    now.taken ||= act === 'export';
    now.who.add(who);
    now.routes.add(route);
  }

  /** By their ids. */
  told(): ExposedPerson[] {
    const iso = (ms: number): string => new Date(ms).toISOString();
    return [...this.#exposed]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([subjectId, { accesses, firstMs, lastMs, taken, who, routes }]) => ({
        ...{ subjectId, accesses, first: iso(firstMs), last: iso(lastMs), taken },
        ...{ who: [...who].sort(), routes: [...routes].sort() },
      }));
  }
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Safety S30. Each from the discovery; a month is counted as 28 days: rather early than late. */
const CLOCKS = [
  { law: 'NIS2 Art. 23(4)(a)', duty: 'early warning to the CSIRT', afterMs: 24 * HOUR_MS },
  { law: 'GDPR Art. 33', duty: 'notification to the supervisory authority', afterMs: 72 * HOUR_MS },
  { law: 'NIS2 Art. 23(4)(b)', duty: 'notification to the CSIRT', afterMs: 72 * HOUR_MS },
  { law: 'NIS2 Art. 23(4)(d)', duty: 'final report', afterMs: 3 * DAY_MS + 28 * DAY_MS },
  { law: 'HIPAA 45 CFR 164.404', duty: 'letters to those affected', afterMs: 60 * DAY_MS },
] as const;

export function clocksOf(discoveredMs: number) {
  return CLOCKS.map(({ law, duty, afterMs }) => ({
    ...{ law, duty },
    until: new Date(discoveredMs + afterMs).toISOString(),
  }));
}

/** For printing. It holds ids, times and routes of our own alone: no cell that a spreadsheet would compute. */
export function scopeCsv(exposed: readonly ExposedPerson[]): string {
  const lines = exposed.map(({ subjectId, accesses, first, last, taken, who, routes }) =>
    [subjectId, accesses, first, last, taken ? 'yes' : 'no', who.join(' '), routes.join(' ')].join(
      ',',
    ),
  );
  return ['subject,accesses,first,last,taken,who,routes', ...lines, ''].join('\r\n');
}
