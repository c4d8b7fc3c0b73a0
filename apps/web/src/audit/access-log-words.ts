/** Who has looked at a record, in words: a screen that asks every few seconds is one line. */
import type { Access } from '@ausculta/contract/accesses';

const ROUTES: readonly (readonly [RegExp, string])[] = [
  [/^\/api\/subjects$/, 'the list of patients'],
  [/^\/api\/subjects\/:id$/, 'who it is'],
  [/^\/api\/find-patients$|\$match$/, 'who it is, by name or number'],
  [/\/(readings|trend|statistics|latest|spells)$/, 'measured numbers'],
  [/\/(waveforms|edf)$|\$waveform$/, 'waveforms'],
  [/\/events$/, 'events'],
  [/\/limits$/, 'limits'],
  [/\/team$/, 'the care team'],
  [/\/accesses$/, 'who has looked'],
  [/^\/api\/alarms/, 'alarms'],
  [/^\/api\/devices/, 'who wears a device'],
  [/^\/api\/live$/, 'the live screen'],
  [/^\/api\/(audit|breach-scope)/, 'the audit'],
  [/\/disclosures$/, 'what has left the house'],
  [/broken-glass/, 'why it was opened in an emergency'],
  [/\$everything$|\$export/, 'the whole record'],
  [/^\/fhir\//, 'documents'],
];

const VERBS: Readonly<Record<Access['act'], string>> = {
  read: 'Looked at',
  search: 'Found in',
  export: 'Took along',
  subscribe: 'Watched',
};

type Worded = Pick<Access, 'act' | 'route' | 'type' | 'who' | 'app' | 'appName'>;

export function accessWords({ act, route, type, ...asker }: Worded): string {
  const what = ROUTES.find(([pattern]) => pattern.test(route))?.[1] ?? route;
  return `${VERBS[act]} ${what}${type === null ? '' : ` (${type})`}${wayWords(asker)}`;
}

/** A program that asks by itself is the one who looks. */
function wayWords({ who, app, appName }: Pick<Worded, 'who' | 'app' | 'appName'>): string {
  if (app === null || who.startsWith('token-')) return '';
  return appName === null ? ' by way of an app' : ` by way of the app ${appName}`;
}

export interface Looks {
  readonly key: string;
  readonly who: string;
  readonly name: string;
  readonly words: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly count: number;
}

/** Apart by more than this it is another time that they looked. */
const APART_MS = 10 * 60_000;

/** The newest first; who looks at the same again within minutes has looked once, so many times. */
export function groupAccesses(accesses: readonly Access[]): Looks[] {
  const groups: Looks[] = [];
  const last = new Map<string, number>();
  for (const access of accesses) {
    const words = accessWords(access);
    const atMs = Date.parse(access.at);
    const same = `${access.who} ${words}`;
    const at = last.get(same);
    const before = at === undefined ? undefined : groups[at];
    if (at !== undefined && before !== undefined && before.fromMs - atMs <= APART_MS) {
      groups[at] = { ...before, fromMs: atMs, count: before.count + 1 };
      continue;
    }
    last.set(same, groups.length);
    const who = { who: access.who, name: access.name ?? 'An account that is no more' };
    groups.push({
      key: access.requestId + same,
      ...who,
      words,
      fromMs: atMs,
      untilMs: atMs,
      count: 1,
    });
  }
  return groups;
}
