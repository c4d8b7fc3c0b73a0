import type { Outside } from '../../apps/server/src/outside.ts';

/** Real timers, of which it is known how many neither have run nor were called off. */
export interface CountedTimers {
  readonly after: Outside['after'];
  readonly count: number;
}

export function countedTimers(): CountedTimers {
  const waiting = new Set<NodeJS.Timeout>();
  return {
    after: (delayMs, run) => {
      const timer = setTimeout(() => {
        waiting.delete(timer);
        run();
      }, delayMs);
      waiting.add(timer);
      return () => {
        waiting.delete(timer);
        clearTimeout(timer);
      };
    },
    get count() {
      return waiting.size;
    },
  };
}
