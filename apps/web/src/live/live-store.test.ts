import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlarmView } from '@ausculta/contract/alarms';
import type { LiveNotice } from '@ausculta/contract/live';
import { encodeFrame, type LiveNumeric } from '@ausculta/contract/live-frame';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { alarmSample } from '../../../../tests/support/alarm-sample.ts';
import { LiveStore } from './live-store.ts';

const RUN: WaveformRun = {
  metric: 'ecg-ii',
  startMs: 1_000,
  rate: { numerator: 100, denominator: 1 },
  samples: Int32Array.from([1, 2, 3]),
  gain: 1,
  zero: 0,
  flags: 0,
};
const NAMES: LiveNotice = {
  type: 'names',
  subjects: [
    [0, 'ana'],
    [1, 'bo'],
  ],
  metrics: [[0, 'heart-rate']],
  devices: [[0, 'patch-1']],
};
const BOTH: LiveNotice = { type: 'subscribed', subjects: ['ana', 'bo'], refused: [] };

function frame(parts: {
  serverTimeMs?: number;
  notices?: LiveNotice[];
  numerics?: LiveNumeric[];
  blocksOf?: number[];
}): Uint8Array {
  return encodeFrame({
    number: 1,
    serverTimeMs: parts.serverTimeMs ?? 0,
    noticesJson: parts.notices === undefined ? '' : JSON.stringify(parts.notices),
    numerics: parts.numerics ?? [],
    waveforms: (parts.blocksOf ?? []).map((subject) => ({ subject, block: Uint8Array.of(7) })),
  });
}

function rate(changes: Partial<LiveNumeric>): LiveNumeric {
  return {
    subject: 0,
    metric: 0,
    device: 0,
    flags: 0,
    decimals: 0,
    timeMs: 1_000,
    value: 70,
    ...changes,
  };
}

function alarm(id: string, changes: Partial<AlarmView> = {}): AlarmView {
  return alarmSample({ id, subjectId: 'ana', openedMs: 0, raisedMs: 0, ...changes });
}

function watching(): LiveStore {
  const store = new LiveStore((bytes) => (bytes[0] === 7 ? [RUN] : undefined));
  store.startConnection();
  store.apply(frame({ notices: [NAMES, BOTH] }));
  return store;
}

test('a number reaches its subject under its metric and device', () => {
  const store = watching();
  const outcome = store.apply(frame({ numerics: [rate({ value: 72 })] }));
  assert.deepEqual([...(outcome?.touched ?? [])], ['ana']);
  assert.equal(store.subject('ana').latest.get('heart-rate patch-1')?.value, 72);
  assert.equal(store.subject('bo').latest.size, 0);
});

test('the clock of the server is set back: what comes next is shown, and not the last from before', () => {
  const store = watching();
  const hour = 3_600_000;
  store.apply(frame({ serverTimeMs: hour, numerics: [rate({ timeMs: hour, value: 80 })] }));
  store.apply(frame({ serverTimeMs: 2_000, numerics: [rate({ timeMs: 2_000, value: 30 })] }));
  const ana = store.subject('ana');
  assert.equal(ana.latest.get('heart-rate patch-1')?.value, 30);
  assert.deepEqual(
    ana.recent.get('heart-rate patch-1')?.map(({ value }) => value),
    [30],
  );
});

test('the clock of the server is set back: a waveform goes on from there', () => {
  const runs = [{ ...RUN, startMs: 3_600_000 }];
  const store = new LiveStore((bytes) => (bytes[0] === 7 ? runs : undefined));
  store.startConnection();
  store.apply(frame({ notices: [NAMES, BOTH] }));
  store.apply(frame({ serverTimeMs: 3_600_100, blocksOf: [0] }));
  runs[0] = RUN;
  store.apply(frame({ serverTimeMs: 1_100, blocksOf: [0] }));
  assert.equal(store.subject('ana').rings.get('ecg-ii')?.endMs, 1_030);
});

test('a reading that comes late does not become the latest', () => {
  const store = watching();
  store.apply(
    frame({ numerics: [rate({ timeMs: 2_000, value: 80 }), rate({ timeMs: 1_000, value: 70 })] }),
  );
  const ana = store.subject('ana');
  assert.equal(ana.latest.get('heart-rate patch-1')?.value, 80);
  assert.deepEqual(
    ana.recent.get('heart-rate patch-1')?.map(({ timeMs }) => timeMs),
    [2_000],
  );
});

test('a number under a name never announced belongs to nobody', () => {
  const store = watching();
  const outcome = store.apply(frame({ numerics: [rate({ subject: 9 }), rate({ metric: 9 })] }));
  assert.equal(outcome?.touched.size, 0);
});

test('samples reach the ring of their metric', () => {
  const store = watching();
  store.apply(frame({ blocksOf: [1] }));
  assert.equal(store.subject('bo').rings.get('ecg-ii')?.endMs, 1_030);
  assert.equal(store.subject('ana').rings.size, 0);
});

for (const [what, bytes] of [
  ['bytes that are no frame', Uint8Array.of(9, 9)],
  [
    'a frame with a block that does not decode',
    encodeFrame({
      number: 1,
      serverTimeMs: 0,
      noticesJson: '',
      numerics: [],
      waveforms: [{ subject: 0, block: Uint8Array.of(1) }],
    }),
  ],
  [
    'a frame whose notices are no JSON',
    encodeFrame({ number: 1, serverTimeMs: 0, noticesJson: '{', numerics: [], waveforms: [] }),
  ],
  [
    'a frame with a notice of another contract',
    encodeFrame({
      number: 1,
      serverTimeMs: 0,
      noticesJson: '[{"type":"x"}]',
      numerics: [],
      waveforms: [],
    }),
  ],
] as const) {
  test(`${what} cannot be applied`, () => assert.equal(watching().apply(bytes), undefined));
}

test('an alarm stays until it is resolved', () => {
  const store = watching();
  store.apply(frame({ notices: [{ type: 'alarms', alarms: [alarm('a')] }] }));
  assert.deepEqual(
    store.alarms().map(({ id }) => id),
    ['a'],
  );
  store.apply(
    frame({ notices: [{ type: 'alarms', alarms: [alarm('a', { episode: 'resolved' })] }] }),
  );
  assert.deepEqual(store.alarms(), []);
});

test('after a new connection an alarm is kept until the server had time to confirm it', () => {
  const store = watching();
  store.apply(frame({ notices: [{ type: 'alarms', alarms: [alarm('kept'), alarm('ended')] }] }));
  store.startConnection();
  store.apply(
    frame({
      serverTimeMs: 10_000,
      notices: [NAMES, BOTH, { type: 'alarms', alarms: [alarm('kept')] }],
    }),
  );
  store.apply(frame({ serverTimeMs: 11_999 }));
  assert.equal(store.alarms().length, 2);
  store.apply(frame({ serverTimeMs: 12_000 }));
  assert.deepEqual(
    store.alarms().map(({ id }) => id),
    ['kept'],
  );
});

test('who is no longer watched is forgotten', () => {
  const store = watching();
  store.apply(frame({ numerics: [rate({})], notices: [{ type: 'alarms', alarms: [alarm('a')] }] }));
  store.apply(frame({ notices: [{ type: 'subscribed', subjects: ['bo'], refused: ['ana'] }] }));
  assert.equal(store.has('ana'), false);
  assert.deepEqual(store.alarms(), []);
});

test('what was left out, revised, degraded and refused is known', () => {
  const store = watching();
  const outcome = store.apply(
    frame({
      serverTimeMs: 9_000,
      notices: [
        { type: 'dropped', waveformMs: 400 },
        { type: 'revised', subjects: ['bo'] },
        { type: 'degraded', since: 5, reason: 'full' },
        { type: 'refused', fault: 'PAYLOAD_MALFORMED' },
      ],
    }),
  );
  assert.equal(store.droppedAtMs, 9_000);
  assert.equal(store.subject('bo').revisions, 1);
  assert.equal(store.degradedSinceMs, 5);
  assert.equal(store.degradedReason, 'full');
  store.startConnection();
  assert.equal(store.degradedSinceMs, null, 'another server may be well');
  assert.deepEqual(outcome?.refusals, ['PAYLOAD_MALFORMED']);
});

test('who may not be seen any more takes their alarms along; whose readings have moved keeps them', () => {
  const store = watching();
  store.apply(frame({ notices: [{ type: 'alarms', alarms: [alarm('one')] }] }));
  store.apply(frame({ notices: [{ type: 'cleared', subjects: ['ana'] }] }));
  assert.equal([...store.alarms()].length, 1);
  store.apply(frame({ notices: [{ type: 'cleared', subjects: ['ana'], isWhole: true }] }));
  assert.deepEqual([...store.alarms()], []);
});
