/** Whom a tier reaches at a moment, and by what: of each person every channel that they have given an address for. */
import { type CallChannel, isSameUnit, type Tier } from './policy.ts';

/** Somebody is on for a duty; null: wherever somebody lies. */
export interface DutyTurn {
  readonly accountId: string;
  readonly duty: string;
  readonly unit: string | null;
  readonly fromMs: number;
  readonly untilMs: number | null;
}

export interface Way {
  /** 'account/…', or 'house' for a gateway that calls by itself. */
  readonly recipient: string;
  readonly channel: CallChannel;
}

export interface CalleesAsked {
  readonly turns: readonly DutyTurn[];
  /** Where the patient lies; undefined: nowhere that we know. */
  readonly unit: string | undefined;
  readonly nowMs: number;
  /** Whether there is an address for it, and somebody who may use it. */
  readonly canReach: (accountId: string, channel: CallChannel) => boolean;
  readonly hasGateway: (name: string) => boolean;
}

export function waysOf(tier: Tier, asked: CalleesAsked): Way[] {
  const ways = new Map<string, Way>();
  const add = (way: Way): void => void ways.set(`${way.recipient} ${way.channel}`, way);
  for (const callee of tier.who) {
    if (callee.kind === 'gateway') {
      if (asked.hasGateway(callee.gateway))
        add({ recipient: 'house', channel: `gateway/${callee.gateway}` });
      continue;
    }
    const persons = callee.kind === 'account' ? [callee.accountId] : onDuty(callee.duty, asked);
    for (const accountId of persons)
      for (const channel of tier.channels)
        if (asked.canReach(accountId, channel)) add({ recipient: `account/${accountId}`, channel });
  }
  return [...ways.values()];
}

/** On just there, or everywhere; of whoever lies nowhere that we know, everybody who is on (safety S17). */
export function onDuty(
  duty: string,
  { turns, unit, nowMs }: Pick<CalleesAsked, 'turns' | 'unit' | 'nowMs'>,
): string[] {
  const on = turns.filter(
    (turn) =>
      turn.duty === duty &&
      turn.fromMs <= nowMs &&
      (turn.untilMs === null || nowMs < turn.untilMs) &&
      (turn.unit === null || unit === undefined || isSameUnit(turn.unit, unit)),
  );
  return [...new Set(on.map(({ accountId }) => accountId))];
}
