import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE } from '@ausculta/vitals/catalogue';
import fc from 'fast-check';
import { deviceTag, parseReadingId, readingId } from './reading-id.ts';

// One seed: a test that fails does so again.
fc.configureGlobal({ seed: 20260301 });

const KEY = fc.record({
  device: fc.string().map(deviceTag),
  name: fc.constantFrom('nibp', ...CATALOGUE.map(({ key }) => key)),
  epoch: fc.nat(2_000_000_000),
  stampMs: fc.integer({ min: -62_000_000_000_000, max: 100_000_000_000_000 }),
});

test('an id is one that FHIR takes, and says which reading it is', () => {
  fc.assert(
    fc.property(KEY, (key) => {
      const id = readingId(key);
      assert.match(id, /^[A-Za-z0-9\-.]{1,64}$/);
      assert.deepEqual(parseReadingId(id), { ...key });
    }),
  );
});

test('an id is the same for ever', () => {
  const device = deviceTag('monitor-7');
  const id = readingId({ device, name: 'heart-rate', epoch: 1, stampMs: 1_772_352_000_000 });
  assert.equal(id, '4044463cb7fca1b1.heart-rate.1.mm7gmbk0');
});

test('what is no id of a reading is none', () => {
  const tag = deviceTag('monitor-7');
  const texts = [
    '',
    '0b8f2c1e-4a4e-4d53-9a3e-0d6a0c6f7c11',
    `${tag}.heart-rate.1`,
    `${tag}.heart-rate.01.a`,
    `${tag}.heart-rate.1.-0`,
    `${tag}.heart-rate.1.0a`,
    `${tag}.HEART.1.a`,
    `${tag.slice(1)}.heart-rate.1.a`,
    `${tag}.heart-rate.1.a.b`,
  ];
  for (const text of texts) assert.equal(parseReadingId(text), undefined, text);
});
