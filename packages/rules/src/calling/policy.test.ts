import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallPolicy, type CallPolicyGiven, routeFor } from './policy.ts';

const SECONDS = { high: 60, medium: 300 };
const TIER = {
  ...{ name: 'Pager', who: [{ kind: 'gateway', gateway: 'pager' }] },
  ...{ afterSeconds: SECONDS, repeatSeconds: SECONDS },
} as const;
const DUTY = { ...TIER, who: [{ kind: 'duty', duty: 'ward' }], channels: ['mail'] };
const routes = (...given: object[]) => ({ routes: given });
const ROUTE = { name: 'All', units: [], tiers: [TIER] };

const REFUSED: readonly [string, object, RegExp][] = [
  ['no route', routes(), /routes/],
  ['a ladder without a tier', routes({ ...ROUTE, tiers: [] }), /routes\.0\.tiers calls nobody/],
  [
    'a last tier of a roster alone',
    routes({ ...ROUTE, tiers: [TIER, DUTY] }),
    /tiers\.1\.who .*may be empty/,
  ],
  [
    'persons without a channel',
    routes({ ...ROUTE, tiers: [{ ...DUTY, channels: [] }, TIER] }),
    /tiers\.0\.channels names no channel/,
  ],
  [
    'a channel that is none',
    routes({ ...ROUTE, tiers: [{ ...DUTY, channels: ['pigeon'] }, TIER] }),
    /channels\.0/,
  ],
  [
    'a ward without a route',
    routes({ ...ROUTE, units: ['A'] }),
    /units .*some ward would have none/,
  ],
  ['a route behind one for everywhere', routes(ROUTE, ROUTE), /routes\.0\.units .*ever be taken/],
  [
    'a repetition after 14 s',
    routes({ ...ROUTE, tiers: [{ ...TIER, repeatSeconds: { high: 14, medium: 15 } }] }),
    /repeatSeconds\.high/,
  ],
  [
    'a high tier after more than an hour',
    routes({ ...ROUTE, tiers: [{ ...TIER, afterSeconds: { high: 3601, medium: 0 } }] }),
    /afterSeconds\.high/,
  ],
  [
    'an hour of no clock',
    routes({ ...ROUTE, quiet: { from: '24:00', until: '06:00' } }),
    /quiet\.from .*22:00/,
  ],
  [
    'hours without length',
    routes({ ...ROUTE, quiet: { from: '06:00', until: '06:00' } }),
    /quiet has no length/,
  ],
  [
    'nobody outside the hours of cover',
    routes({
      ...ROUTE,
      cover: { spans: [{ days: [1], from: '08:00', until: '17:00' }], outside: [] },
    }),
    /cover\.outside calls nobody/,
  ],
  ['what is unknown', routes({ ...ROUTE, silent: true }), /Unrecognized/],
];

for (const [what, given, why] of REFUSED)
  test(`a policy with ${what} is refused, and it is said where`, () => {
    const parsed = CallPolicy.safeParse(given);
    const said = parsed.error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
    assert.match(said?.join('\n') ?? 'taken', why);
  });

const TAKEN: readonly [string, object][] = [
  [
    'a last tier with a roster and a gateway',
    { ...ROUTE, tiers: [{ ...DUTY, who: [...DUTY.who, ...TIER.who] }] },
  ],
  [
    'a repetition after 15 s',
    { ...ROUTE, tiers: [{ ...TIER, repeatSeconds: { high: 15, medium: 15 } }] },
  ],
  [
    'a high tier after an hour',
    { ...ROUTE, tiers: [{ ...TIER, afterSeconds: { high: 3600, medium: 0 } }] },
  ],
];

for (const [what, given] of TAKEN)
  test(`a policy with ${what} is taken`, () => {
    assert.ok(CallPolicy.safeParse(routes(given)).success);
  });

test('a ward has its own route, whoever typed its name, and every other the last', () => {
  const given = routes({ ...ROUTE, name: 'ICU', units: ['ICU 1'] }, ROUTE) as CallPolicyGiven;
  const policy = CallPolicy.parse(given);
  const nameOf = (unit: string | undefined) => routeFor(policy, unit)?.name;
  assert.deepEqual([' icu 1 ', 'ICU 2', undefined, ''].map(nameOf), ['ICU', 'All', 'All', 'All']);
});
