/**
 * Our own clock has been set back: what comes now is received before what came last, and is the newest all
 * the same. Without this all of it would be late, and nothing overdue, until the clock is where it had been.
 * Days that were counted stay: a step of an hour makes none of them.
 */
import type { Seen } from '../detectors/detection.ts';
import { localDay } from '../detectors/zone.ts';
import type { LimitState } from '../limit.ts';
import { allRecords, type Bedside, catchUp, wait } from './bedside.ts';
import type { Running } from './running.ts';

export function setBack(bedside: Bedside, nowMs: number): void {
  catchUp(bedside);
  bedside.heldMs = nowMs;
  for (const record of allRecords(bedside)) {
    record.lastAtMs = Math.min(record.lastAtMs, nowMs);
    record.isCalm = false;
  }
  for (const watch of bedside.watches.values()) {
    watch.running = clampedTo(nowMs, watch.running);
    wait(bedside, watch);
  }
}

function clampedTo(nowMs: number, running: Running): Running {
  const atMost = (ms: number): number => Math.min(ms, nowMs);
  const seen = (one: Seen): Seen => ({ ...one, atMs: atMost(one.atMs) });
  const last = (one: Seen | null): Seen | null => (one === null ? null : seen(one));
  const detected = {
    sinceMs: atMost(running.state.sinceMs),
    raisedAtMs: atMost(running.state.raisedAtMs),
  };
  switch (running.kind) {
    case 'limit':
      return { ...running, state: limitAt(nowMs, running.state) };
    case 'rate': {
      const { state } = running;
      const times = {
        bases: state.bases.map(seen),
        coveredFromMs: atMost(state.coveredFromMs),
        leftOutAtMs: atMost(state.leftOutAtMs),
        last: last(state.last),
      };
      return { ...running, state: { ...state, ...detected, ...times } };
    }
    case 'score': {
      const { state } = running;
      const times = {
        seen: Object.fromEntries(Object.entries(state.seen).map(([key, one]) => [key, seen(one)])),
        reached: state.reached.map((one) =>
          one === null ? null : { sinceMs: atMost(one.sinceMs) },
        ),
      };
      return { ...running, state: { ...state, ...detected, ...times } };
    }
    case 'baseline': {
      const limit = limitAt(nowMs, running.state.limit);
      const state = { ...running.state, ...detected, limit, last: last(running.state.last) };
      return { ...running, state };
    }
    case 'overdue': {
      const { state } = running;
      const today = localDay(running.settings.zone, nowMs);
      const times = {
        startedAtMs: atMost(state.startedAtMs),
        lastAtMs: atMost(state.lastAtMs),
        days: state.days.filter((day) => day <= today),
      };
      return { ...running, state: { ...state, ...detected, ...times } };
    }
    case 'device': {
      const saidAtMs = atMost(running.state.saidAtMs);
      return { ...running, state: { ...running.state, ...detected, saidAtMs } };
    }
    case 'composite': {
      const { state, settings } = running;
      const parts = Object.entries(state.parts).map(([key, part]) => {
        const countsUntilMs = Math.min(part.countsUntilMs, nowMs + settings.windowMs);
        return [key, { ...part, countsUntilMs, sinceMs: atMost(part.sinceMs) }] as const;
      });
      return {
        ...running,
        state: { ...state, ...detected, parts: Object.fromEntries(parts) },
      };
    }
    // What has happened is known by its stamp, and weighings by their day.
    case 'happening':
    case 'trend':
      return running;
    default:
      return running satisfies never;
  }
}

/** A backlog that was being received is over. */
function limitAt(nowMs: number, { late: _, ...state }: LimitState): LimitState {
  const { sinceMs, raisedAtMs, withinAtMs, last } = state;
  return {
    ...state,
    sinceMs: Math.min(sinceMs, nowMs),
    raisedAtMs: Math.min(raisedAtMs, nowMs),
    withinAtMs: Math.min(withinAtMs, nowMs),
    last: last === null ? null : { ...last, atMs: Math.min(last.atMs, nowMs) },
  };
}
