/**
 * The golden corpus of calling, `tests/calling/cases.json`: what happens and who is called are lines that a
 * clinician can read. Second by second, as the server looks; whoever looks more often calls nobody more.
 */
import assert from 'node:assert/strict';
import { type DutyTurn, waysOf } from '@ausculta/rules/calling/callees';
import { inForce } from '@ausculta/rules/calling/hours';
import {
  answered,
  type Call,
  type CallFacts,
  newCall,
  stepCall,
} from '@ausculta/rules/calling/ladder';
import { CallPolicy, routeFor } from '@ausculta/rules/calling/policy';

export interface CallCase {
  readonly name: string;
  readonly route?: 'ward' | 'home';
  readonly priority?: 'medium';
  /** Weekday and time at the house. */
  readonly start?: string;
  readonly unit?: string;
  readonly roster?: readonly string[];
  readonly given?: readonly string[];
  readonly until: string;
  readonly told: readonly string[];
}

const CHIEF = '00000000-0000-4000-8000-00000000000c';
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;
const HOLD_MS = 3 * MINUTE_MS;

const WARD = {
  ...{ name: 'Ward', who: [{ kind: 'duty', duty: 'ward' }], channels: ['mail'], rounds: 3 },
  afterSeconds: { high: 0, medium: 0 },
  repeatSeconds: { high: 60, medium: 300 },
};

const POLICY = CallPolicy.parse({
  routes: [
    {
      ...{ name: 'Home', units: ['home'], tiers: [WARD, gateway(600)] },
      cover: {
        spans: [{ days: [1, 2, 3, 4, 5], from: '08:00', until: '17:00' }],
        outside: [gateway(0)],
      },
    },
    {
      ...{ name: 'Ward', units: [], quiet: { from: '22:00', until: '06:00' } },
      tiers: [
        WARD,
        {
          ...{ name: 'Chief', who: [{ kind: 'account', accountId: CHIEF }] },
          channels: ['mail', 'gateway/voice'],
          afterSeconds: { high: 120, medium: 600 },
          repeatSeconds: { high: 120, medium: 600 },
        },
      ],
    },
  ],
});

function gateway(after: number) {
  return {
    ...{ name: 'Line', who: [{ kind: 'gateway', gateway: 'line' }] },
    afterSeconds: { high: after, medium: after },
    repeatSeconds: { high: 600, medium: 600 },
  };
}

interface World {
  readonly call: Call | undefined;
  readonly priority: 'high' | 'medium';
  readonly turns: readonly DutyTurn[];
  readonly failed: ReadonlySet<number>;
  readonly isOwed: boolean;
  readonly offUntilS: number;
  /** What the clock shows beside the time that has gone by. */
  readonly clockMs: number;
}

export function toldBy(one: CallCase, { restarts }: { readonly restarts: boolean }): string[] {
  const { start = '1 12:00', given = [], until, priority = 'high' } = one;
  const startMs = startOf(start);
  const told: string[] = [];
  let world: World = {
    ...{
      call: undefined,
      priority,
      failed: new Set(),
      isOwed: true,
      offUntilS: 0,
      clockMs: startMs,
    },
    turns: (one.roster ?? ['nurse everywhere']).map(turnOf),
  };
  for (let second = 0; second <= secondsOf(until); second += 1) {
    for (const line of given) {
      const [at = '', ...what] = line.split(' ');
      if (secondsOf(at) === second) world = after(world, what, second);
    }
    if (second < world.offUntilS) continue;
    const nowMs = world.clockMs + second * SECOND_MS;
    const { call, calls } = look(world, one, nowMs);
    for (const who of calls) told.push(`${wordsOf(second)} ${who}`);
    world = { ...world, call: restarts ? (JSON.parse(JSON.stringify(call)) as Call) : call };
  }
  return told;
}

function look(world: World, one: CallCase, nowMs: number): { call: Call; calls: string[] } {
  const unit = one.route === 'home' ? 'home' : (one.unit ?? 'A') || undefined;
  const route = routeFor(POLICY, unit);
  assert.ok(route !== undefined);
  const { priority, turns, isOwed } = world;
  const houseTime = (atMs: number) => {
    const minutes = Math.floor(atMs / MINUTE_MS);
    return { weekday: (Math.floor(minutes / DAY_MINUTES) % 7) + 1, minute: minutes % DAY_MINUTES };
  };
  const { hours, tiers, quietUntilMs } = inForce(route, { priority, nowMs, houseTime });
  const ways = tiers.map((tier) =>
    waysOf(tier, { turns, unit, nowMs, canReach: () => true, hasGateway: () => true }),
  );
  const empty = ways.flatMap((list, at) => (list.length === 0 ? [at] : []));
  const unreached = new Set([...world.failed, ...empty]);
  const facts: CallFacts = {
    ...{ isOwed, priority, version: 1, hours, tiers },
    quietUntilMs,
    unreached,
  };
  const before = world.call ?? newCall(facts, { sinceMs: nowMs, nowMs });
  const { call, rings } = stepCall(before, facts, nowMs);
  const calls = rings.flatMap(({ tier }) =>
    (ways[tier] ?? []).map(({ recipient, channel }) => {
      const who = recipient.replace('account/', '').replace(CHIEF, 'chief');
      return `${who}/${channel}`;
    }),
  );
  return { call, calls };
}

function after(
  world: World,
  [what, first = '', ...rest]: readonly string[],
  second: number,
): World {
  const nowMs = world.clockMs + second * SECOND_MS;
  switch (what) {
    case 'acknowledged':
      return { ...world, isOwed: false };
    case 'answered': {
      const { call } = world;
      if (call === undefined) return world;
      // Of the last round, or of the one that is named.
      const round = first === '' ? call.round : Number(first);
      return { ...world, call: answered(call, { round, nowMs, holdMs: HOLD_MS }) ?? call };
    }
    case 'rose':
      return { ...world, priority: 'high' };
    case 'failed':
      return { ...world, failed: new Set([Number(first)]) };
    case 'roster':
      return { ...world, turns: [turnOf([first, ...rest].join(' '))] };
    case 'clock':
      return { ...world, clockMs: world.clockMs - secondsOf(first.slice(1)) * SECOND_MS };
    case 'off':
      return { ...world, offUntilS: secondsOf(rest[0] ?? '') };
    default:
      throw new Error(`no such line: ${what}`);
  }
}

/** "nurse everywhere", "nurse on B" */
function turnOf(line: string): DutyTurn {
  const [, accountId = '', unit] = /^(\S+) (?:everywhere|on (.*))$/.exec(line) ?? [];
  return { accountId, duty: 'ward', unit: unit ?? null, fromMs: 0, untilMs: null };
}

function startOf(text: string): number {
  const [day = '', time = ''] = text.split(' ');
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  // Two weeks on, so that a clock may be set back.
  return ((13 + Number(day)) * DAY_MINUTES + hours * 60 + minutes) * MINUTE_MS;
}

function secondsOf(text: string): number {
  const units: Readonly<Record<string, number>> = { h: 3_600, m: 60, s: 1 };
  return [...text.matchAll(/(\d+)([hms])/g)].reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? Number.NaN),
    0,
  );
}

function wordsOf(second: number): string {
  const parts = [Math.floor(second / 3_600), Math.floor(second / 60) % 60, second % 60];
  const words = parts.flatMap((count, at) => (count === 0 ? [] : [`${count}${'hms'[at]}`]));
  return words.length === 0 ? '0s' : words.join('');
}
