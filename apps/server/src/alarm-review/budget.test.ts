import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MOST, NOTHING_SPENT, spentWith, tooWide } from './budget.ts';

for (const what of ['readings', 'work', 'told', 'acted'] as const)
  test(`as many ${what} as there may be are answered, and one more is too wide`, () => {
    assert.equal(tooWide({ ...NOTHING_SPENT, [what]: MOST[what] }), undefined);
    const beyond = tooWide(
      spentWith({ ...NOTHING_SPENT, [what]: MOST[what] }, { ...NOTHING_SPENT, [what]: 1 }),
    );
    assert.equal(beyond?.code, 'QUERY_TOO_WIDE');
  });
