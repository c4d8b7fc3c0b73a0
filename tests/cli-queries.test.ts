/** Questions of the record from the command line: a table, spells, figures, and a file for other programs. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { encodeRuns } from '@ausculta/blocks/waveform-block';
import { decodeEdf } from '@ausculta/codecs/edf-reader';
import {
  type ServerHere,
  startServerHere,
  type TestDevice,
  temporaryDirectory,
} from './support/server.ts';

const LAUNCHER = join(import.meta.dirname, '../apps/cli/bin/ausculta.mjs');

describe('questions from the command line', () => {
  let here: ServerHere;
  let device: TestDevice;
  const startMs = Math.floor(Date.now() / 1000) * 1000 - 50_000;
  before(async () => {
    here = await startServerHere();
    device = await here.server.addPatient();
    const readings = Array.from({ length: 30 }, (_, i) => ({
      time: startMs + i * 1000,
      values: { spo2: i < 20 ? 88 : 97 },
    }));
    assert.equal((await here.server.send(device, JSON.stringify({ readings }))).status, 202);
    const samples = Int32Array.from({ length: 500 }, (_, i) => i);
    const rate = { numerator: 250, denominator: 1 };
    const run = { metric: 'ecg-ii', startMs, rate, samples, gain: 200, zero: 0, flags: 0 };
    const block = encodeRuns([run], NO_COMPRESSION);
    assert.ok(block.ok);
    const sent = await here.server.send(device, Uint8Array.from(block.value), 'waveforms');
    assert.equal(sent.status, 202);
  });
  after(() => here[Symbol.asyncDispose]());

  function ausculta(...args: string[]): Promise<{ code: number; out: string; error: string }> {
    const { url: AUSCULTA_URL, token: AUSCULTA_TOKEN } = here.server;
    const { PATH, NODE_COMPILE_CACHE } = process.env;
    const env = { PATH, NODE_COMPILE_CACHE, AUSCULTA_URL, AUSCULTA_TOKEN };
    return new Promise((resolve) => {
      execFile(process.execPath, [LAUNCHER, ...args], { env }, (failure, out, error) => {
        resolve({ code: typeof failure?.code === 'number' ? failure.code : 0, out, error });
      });
    });
  }

  test('readings come as CSV for a spreadsheet', async () => {
    const { out } = await ausculta(
      'readings',
      '--subject',
      device.subjectId,
      '--metric',
      'spo2',
      '--csv',
    );
    const lines = out.split('\r\n');
    assert.equal(lines[0], 'time,stamp,metric,side,value,unit,flags,device');
    assert.equal(lines.length, 32);
    assert.match(lines[1] ?? '', /,spo2,,88,%,,/);
  });

  test('spells name who was low, how long, and what ended it', async () => {
    const asked = ['spells', '--metric', 'spo2', '--below', '92', '--from', '1h', '--for'];
    const { out } = await ausculta(...asked, '15s');
    assert.match(out, new RegExp(`^${device.subjectId} .* or before .* 0\\.3 +88 +within$`, 'm'));
    assert.doesNotMatch((await ausculta(...asked, '25s')).out, /within/);
    assert.equal((await ausculta(...asked, 'long')).code, 2);
    assert.equal((await ausculta(...asked, '15s', '--above', '5')).code, 2);
  });

  test('statistics are a row in all and one for each hour of the zone', async () => {
    const asked = ['statistics', '--subject', device.subjectId, '--metric', 'spo2', '--from', '1h'];
    const { out } = await ausculta(...asked, '--zone', 'Europe/Berlin');
    assert.match(out, /^spo2 .* all +30 +91 +4\.32 /m);
    assert.match(out, /^spo2 .* \d\d:00 +\d+ /m);
    assert.equal((await ausculta(...asked, '--zone', 'Europe/Atlantis')).code, 1);
  });

  test('a waveform is written as EDF+ for its owner alone, and never over a file that is there', async () => {
    const file = join(await temporaryDirectory(), 'ecg.edf');
    const span = [
      '--from',
      new Date(startMs).toISOString(),
      '--to',
      new Date(startMs + 60_000).toISOString(),
    ];
    const asked = ['waveform', 'export', file, '--subject', device.subjectId, ...span, '--metric'];
    assert.deepEqual(
      [(await ausculta(...asked, 'ecg-ii')).code, statSync(file).mode & 0o777],
      [0, 0o600],
    );
    const read = decodeEdf(readFileSync(file));
    assert.ok(read.ok);
    assert.deepEqual([read.value.patient, read.value.signals[0]?.digital[499]], ['X X X X', 499]);
    const again = await ausculta(...asked, 'ecg-ii');
    assert.deepEqual([again.code, /is there already/.test(again.error)], [2, true]);
    assert.equal((await ausculta(...asked.with(2, `${file}.none`), 'pleth')).code, 1);
    assert.throws(() => statSync(`${file}.none`), { code: 'ENOENT' });
  });
});
