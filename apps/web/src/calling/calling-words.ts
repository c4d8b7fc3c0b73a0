/** A policy of calling, as somebody would say it. */
import type { Callee, CallPolicy, Route, Tier } from '@ausculta/rules/calling/policy';

/** "ward-nurse" as it is said: "Ward nurse" */
export function dutyWords(duty: string): string {
  const words = duty.replaceAll('-', ' ');
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}

export function channelWords(channel: string): string {
  return channel === 'mail' ? 'mail' : channel.replace(/^gateway\//, '');
}

export function routeWords(
  { name, units }: Pick<Route, 'name' | 'units'>,
  { isOnly }: { readonly isOnly: boolean },
): string {
  if (units.length > 0) return `${name}: ${units.join(', ')}`;
  return `${name}: ${isOnly ? 'everywhere' : 'everywhere else'}`;
}

/** "Ward: ward nurse, by mail; at once, then every 1 min, 3 times" */
export function tierWords(tier: Tier, { isFirst, isLast }: TierPlace): string {
  const who = tier.who.map(calleeWords).join(', ');
  const hasPersons = tier.who.some(({ kind }) => kind !== 'gateway');
  const by = hasPersons ? `, by ${tier.channels.map(channelWords).join(' and ')}` : '';
  const after = tier.afterSeconds.high;
  const begins = after === 0 ? 'at once' : `after ${spanWords(after)}${isFirst ? '' : ' more'}`;
  const again = `then every ${spanWords(tier.repeatSeconds.high)}`;
  const until = isLast ? 'until somebody has acknowledged' : `${tier.rounds} times`;
  return `${who}${by}: ${begins}, ${again}, ${until}`;
}

interface TierPlace {
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

function calleeWords(callee: Callee): string {
  switch (callee.kind) {
    case 'duty':
      return `whoever is ${dutyWords(callee.duty).toLowerCase()}`;
    case 'account':
      return 'a named person';
    case 'gateway':
      return callee.gateway;
    default:
      return callee satisfies never;
  }
}

/** "45 s", "2 min", "1 min 30 s" */
export function spanWords(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const rest = seconds % 60;
  if (minutes === 0) return `${rest} s`;
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}

/** Hours that change what is said above. */
export function hoursWords({ quiet, cover }: CallPolicy['routes'][number]): string[] {
  return [
    ...(quiet === undefined
      ? []
      : [
          `Medium alarms wait from ${clockWords(quiet.from)} to ${clockWords(quiet.until)}; high ones never do.`,
        ]),
    ...(cover === undefined ? [] : ['Outside its hours others are called.']),
  ];
}

function clockWords(minute: number): string {
  return [Math.floor(minute / 60), minute % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}
