/** docs/connect-a-device.md keeps its word: its messages are taken whole, and its program writes what we read. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { decodeRuns } from '@ausculta/blocks/waveform-block';
import { decodeEventsJson } from '@ausculta/codecs/events-json';
import { decodePlainJson } from '@ausculta/codecs/plain-json';
import { decodeSenml } from '@ausculta/codecs/senml';
import { findMetric } from '@ausculta/vitals/lookup';
import { findUnit } from '@ausculta/vitals/units';

const PAGE = readFileSync(new URL('../docs/connect-a-device.md', import.meta.url), 'utf8');

/** The fenced pieces of the page in one language. */
function pieces(language: string): string[] {
  const found = PAGE.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'));
  return [...found].map(([, text = '']) => text);
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe('the messages of the page', () => {
  const [moment = '', backlog = '', senml = '', event = '', ...others] = pieces('json');

  for (const [name, decoded] of [
    ['one moment', decodePlainJson(bytes(moment))],
    ['what was kept back', decodePlainJson(bytes(backlog))],
    ['SenML', decodeSenml(bytes(senml), Date.UTC(2026, 10, 21))],
  ] as const) {
    test(`${name}: every value is taken, under a metric and in a unit that we know`, () => {
      assert.ok(decoded.ok);
      assert.deepEqual(decoded.value.faults, []);
      assert.ok(decoded.value.readings.length > 1);
      for (const { metric, unit } of decoded.value.readings) {
        const named = findMetric(metric);
        assert.ok(named !== undefined, metric);
        assert.ok(findUnit(named.metric, unit ?? named.unit) !== undefined, unit);
      }
    });
  }

  test('an event', () => {
    const decoded = decodeEventsJson(bytes(event));
    assert.ok(decoded.ok);
    assert.deepEqual(decoded.value.faults, []);
    assert.equal(decoded.value.events.length, 1);
  });

  test('there are no others', () => assert.deepEqual(others, []));
});

const python = spawnSync('python3', ['--version']);
const skip = python.status === 0 ? false : 'python3 is not installed';

describe('the program of the page', { skip }, () => {
  const [program = ''] = pieces('python');
  const ramp = (count: number) => Array.from({ length: count }, (_, index) => index * 3 - 40);

  function written(samples: readonly number[], rateHz: number): Uint8Array {
    const call = `waveform_block("ecg-ii", 1772352000000, ${rateHz}, ${JSON.stringify(samples)}, 200, -3)`;
    const script = `${program.split('\nif __name__')[0]}\nprint(${call}.hex())`;
    const { status, stdout, stderr } = spawnSync('python3', ['-'], {
      input: script,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    return Uint8Array.from(Buffer.from(stdout.trim(), 'hex'));
  }

  for (const [name, samples] of [
    ['one sample', [7]],
    ['a whole group', ramp(32)],
    ['a group and one more', ramp(33)],
    ['a second of a lead', ramp(250)],
    ['leaps of a converter gone wild', [0, 2 ** 30, -(2 ** 30), 1, -2047, 2048]],
  ] as const) {
    test(`${name} is read as it was written`, () => {
      const decoded = decodeRuns(written(samples, 360), NO_COMPRESSION);
      assert.ok(decoded.ok);
      const [run, ...more] = decoded.value;
      assert.ok(run !== undefined && more.length === 0);
      const { samples: read, ...rest } = run;
      assert.deepEqual([...read], [...samples]);
      assert.deepEqual(rest, {
        metric: 'ecg-ii',
        startMs: 1_772_352_000_000,
        rate: { numerator: 360, denominator: 1 },
        gain: 200,
        zero: -3,
        flags: 0,
      });
    });
  }
});
