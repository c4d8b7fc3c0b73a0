import assert from 'node:assert/strict';
import { test } from 'node:test';
import { icons } from '@iconify-json/lucide';
import { ICON_NAMES, iconBodies } from './icon-names.ts';

test('every icon that a screen may name is drawn, in lines of the text’s own colour', () => {
  const bodies = iconBodies(icons.icons);
  for (const name of ICON_NAMES)
    assert.match(bodies[name], /^<(?:path|g|rect|circle) .*currentColor/);
});

test('an icon that the set has lost stops the build and is named', () => {
  assert.throws(() => iconBodies({}), /"activity"/);
});
