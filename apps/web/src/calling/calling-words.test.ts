import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallPolicy } from '@ausculta/rules/calling/policy';
import { dutyWords, hoursWords, routeWords, spanWords, tierWords } from './calling-words.ts';

const { routes } = CallPolicy.parse({
  routes: [
    {
      ...{ name: 'House', units: [], quiet: { from: '22:00', until: '06:05' } },
      tiers: [
        {
          ...{ name: 'Ward', who: [{ kind: 'duty', duty: 'ward-nurse' }] },
          channels: ['gateway/voice', 'mail'],
          afterSeconds: { high: 0, medium: 0 },
          repeatSeconds: { high: 60, medium: 300 },
        },
        {
          ...{ name: 'Desk', who: [{ kind: 'gateway', gateway: 'switchboard' }] },
          afterSeconds: { high: 90, medium: 300 },
          repeatSeconds: { high: 45, medium: 300 },
        },
      ],
    },
  ],
});

test('a policy is said as somebody would say it', () => {
  const [route] = routes;
  assert.ok(route !== undefined);
  const [ward, desk] = route.tiers;
  assert.ok(ward !== undefined && desk !== undefined);
  assert.equal(routeWords(route, { isOnly: false }), 'House: everywhere else');
  assert.equal(routeWords(route, { isOnly: true }), 'House: everywhere');
  assert.equal(routeWords({ ...route, units: ['A', 'B'] }, { isOnly: false }), 'House: A, B');
  assert.equal(
    tierWords(ward, { isFirst: true, isLast: false }),
    'whoever is ward nurse, by voice and mail: at once, then every 1 min, 3 times',
  );
  assert.equal(
    tierWords(desk, { isFirst: false, isLast: true }),
    'switchboard: after 1 min 30 s more, then every 45 s, until somebody has acknowledged',
  );
  assert.deepEqual(hoursWords(route), [
    'Medium alarms wait from 22:00 to 06:05; high ones never do.',
  ]);
});

test('a duty and a span are words', () => {
  assert.equal(dutyWords('nurse-in-charge'), 'Nurse in charge');
  assert.deepEqual([0, 59, 60, 61].map(spanWords), ['0 s', '59 s', '1 min', '1 min 1 s']);
});
