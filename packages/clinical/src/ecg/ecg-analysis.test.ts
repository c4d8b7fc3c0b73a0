import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type EcgRecord, namesIn, readEcgRecord } from '../../../../bench/clinical/ecg-records.ts';
import { dataTest } from '../../../../tools/test-data.ts';
import { matchBeats, predictivityOf, sensitivityOf } from './beat-matching.ts';
import { analyseEcg, EcgAnalysis, type EcgFindings } from './ecg-analysis.ts';

const RATE_HZ = 360;

/** Two leads of sums of bells: P, Q, R, S and T at 75 a minute, or at the times given. */
function syntheticLeads(seconds: number, beatSeconds = everySeconds(seconds, 0.8)): Float64Array[] {
  const bells = [
    { atSeconds: -0.17, widthSeconds: 0.025, mv: [0.12, 0.08] },
    { atSeconds: -0.03, widthSeconds: 0.01, mv: [-0.1, -0.2] },
    { atSeconds: 0, widthSeconds: 0.012, mv: [1.1, 0.5] },
    { atSeconds: 0.03, widthSeconds: 0.011, mv: [-0.25, -0.6] },
    { atSeconds: 0.28, widthSeconds: 0.045, mv: [0.3, 0.2] },
  ];
  return [0, 1].map((lead) => {
    const values = new Float64Array(seconds * RATE_HZ);
    for (const beat of beatSeconds) {
      for (const { atSeconds, widthSeconds, mv } of bells) {
        const middle = (beat + atSeconds) * RATE_HZ;
        const reach = 4 * widthSeconds * RATE_HZ;
        for (let i = Math.ceil(middle - reach); i <= middle + reach; i++) {
          if (i < 0 || i >= values.length) continue;
          const off = (i - middle) / (widthSeconds * RATE_HZ);
          values[i] = (values[i] as number) + (mv[lead] as number) * Math.exp(-(off ** 2) / 2);
        }
      }
    }
    return values;
  });
}

function everySeconds(seconds: number, step: number): number[] {
  return Array.from({ length: Math.floor(seconds / step) }, (_, i) => (i + 0.5) * step);
}

function analyse(leads: readonly Float64Array[]): EcgFindings {
  const found = analyseEcg({ rateHz: RATE_HZ, leads });
  assert.ok(found.ok);
  const { beats, rhythm, quality } = found.value;
  return { beats, rhythm, quality };
}

function inPackets(leads: readonly Float64Array[], sizes: readonly number[]): EcgFindings {
  const opened = EcgAnalysis.open({ rateHz: RATE_HZ, leadCount: leads.length });
  assert.ok(opened.ok);
  const all: EcgFindings[] = [];
  let at = 0;
  for (let i = 0; at < (leads[0]?.length ?? 0); i++) {
    const until = at + (sizes[i % sizes.length] ?? 1);
    all.push(opened.value.push(leads.map((lead) => lead.subarray(at, until))));
    at = until;
  }
  all.push(opened.value.end());
  return {
    beats: all.flatMap(({ beats }) => beats),
    rhythm: all.flatMap(({ rhythm }) => rhythm),
    quality: all.flatMap(({ quality }) => quality),
  };
}

test('every beat of a clean lead is found at its peak', () => {
  const times = everySeconds(60, 0.8);
  const { beats, quality } = analyse(syntheticLeads(60, times));
  assert.equal(beats.length, times.length);
  for (const [i, { sample, class: kind }] of beats.entries()) {
    assert.ok(Math.abs(sample / RATE_HZ - (times[i] ?? 0)) < 0.03, `beat ${i} at ${sample}`);
    assert.equal(kind, 'N');
  }
  assert.deepEqual(quality, []);
});

test('findings are the same whatever the packets', () => {
  const leads = syntheticLeads(40);
  leads[1]?.fill(Number.NaN, 4000, 5200);
  const whole = analyse(leads);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1 }), (sizes) => {
      assert.deepEqual(inPackets(leads, sizes), whole);
    }),
    { numRuns: 8 },
  );
});

const LOST_FROM = 20;
const LOST_UNTIL = 30;

const LOSSES: readonly { name: string; value: (i: number) => number; kind: string }[] = [
  { name: 'missing samples', value: () => Number.NaN, kind: 'missing' },
  { name: 'infinite samples', value: () => Number.POSITIVE_INFINITY, kind: 'missing' },
  { name: 'a flat line', value: () => 0.02, kind: 'flat' },
  { name: 'saturation', value: () => 15, kind: 'saturated' },
  {
    name: 'saturation that jumps',
    value: (i) => (Math.floor(i / 500) % 2 ? 15 : -15),
    kind: 'saturated',
  },
];

for (const { name, value, kind } of LOSSES) {
  test(`ten seconds of ${name} in all leads: a finding, no invented beat, and back again`, () => {
    const leads = syntheticLeads(60);
    for (const lead of leads) {
      for (let i = LOST_FROM * RATE_HZ; i < LOST_UNTIL * RATE_HZ; i++) lead[i] = value(i);
    }
    const { beats, quality } = analyse(leads);
    const inLoss = beats.filter(({ time }) => time > LOST_FROM + 0.1 && time < LOST_UNTIL - 0.1);
    assert.deepEqual(inLoss, []);
    const found = quality.find((finding) => finding.kind === kind && finding.lead === 0);
    assert.ok(found !== undefined, JSON.stringify(quality));
    assert.ok(Math.abs(found.from / RATE_HZ - LOST_FROM) < 1);
    const after = beats.filter(({ time }) => time > LOST_UNTIL + 0.5);
    assert.ok(Math.abs(after.length - 29.5 / 0.8) <= 2, `${after.length} beats afterwards`);
  });

  test(`ten seconds of ${name} in one lead: the other goes on alone`, () => {
    const leads = syntheticLeads(60);
    for (let i = LOST_FROM * RATE_HZ; i < LOST_UNTIL * RATE_HZ; i++) {
      (leads[0] as Float64Array)[i] = value(i);
    }
    const { beats } = analyse(leads);
    const all = everySeconds(60, 0.8);
    assert.ok(Math.abs(beats.length - all.length) <= 2, `${beats.length} of ${all.length} beats`);
  });
}

test('a line that was never anything but flat has no beats and is told as a standstill', () => {
  const { beats, rhythm } = analyse([new Float64Array(30 * RATE_HZ)]);
  assert.deepEqual(beats, []);
  assert.deepEqual(
    rhythm.map(({ kind }) => kind),
    ['asystole'],
  );
});

test('a standstill behind a lead that was lost is told when it is back; a lost lead is none', () => {
  const leads = syntheticLeads(40);
  for (const lead of leads) lead.fill(Number.NaN, 10 * RATE_HZ, 20 * RATE_HZ);
  assert.deepEqual(analyse(leads).rhythm, []);
  for (const lead of leads) lead.fill(0, 20 * RATE_HZ);
  const [found] = analyse(leads).rhythm;
  assert.equal(found?.kind, 'asystole');
  assert.ok((found?.to ?? 0) <= 28 * RATE_HZ);
});

test('faint noise alone has no beats', () => {
  let state = 1;
  const lead = new Float64Array(60 * RATE_HZ).map(() => {
    state = (state * 48_271) % 2_147_483_647;
    return (state / 2_147_483_647 - 0.5) * 0.02;
  });
  assert.deepEqual(analyse([lead]).beats, []);
});

test('a standstill is told after four seconds, though P waves may go on', () => {
  const times = everySeconds(60, 0.8).filter((at) => at < 30 || at > 40);
  const opened = EcgAnalysis.open({ rateHz: RATE_HZ, leadCount: 2 });
  assert.ok(opened.ok);
  const leads = syntheticLeads(60, times);
  let toldAt = Number.NaN;
  for (let at = 0; at < 60 * RATE_HZ; at += 90) {
    const { rhythm } = opened.value.push(leads.map((lead) => lead.subarray(at, at + 90)));
    if (Number.isNaN(toldAt) && rhythm.some(({ kind }) => kind === 'asystole')) {
      toldAt = (at + 90) / RATE_HZ;
    }
  }
  const last = times.findLast((at) => at < 35) ?? 0;
  assert.ok(
    toldAt >= last + 4 && toldAt <= last + 5,
    `told ${toldAt - last} s after the last beat`,
  );
});

for (const { rateHz, leadCount } of [
  { rateHz: 0, leadCount: 1 },
  { rateHz: Number.NaN, leadCount: 1 },
  { rateHz: 99, leadCount: 1 },
  { rateHz: 2001, leadCount: 1 },
  { rateHz: 360, leadCount: 0 },
  { rateHz: 360, leadCount: 1.5 },
]) {
  test(`${leadCount} leads at ${rateHz} Hz are refused, not guessed at`, () => {
    assert.equal(EcgAnalysis.open({ rateHz, leadCount }).ok, false);
  });
}

test('what nobody could call an electrocardiogram does no harm', () => {
  const wild = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, 1e300, -1e300, 0, 5));
  fc.assert(
    fc.property(fc.array(wild, { maxLength: 3000 }), (values) => {
      const { beats } = analyse([Float64Array.from(values)]);
      assert.ok(beats.every(({ sample }) => sample >= 0 && sample < Math.max(1, values.length)));
    }),
    { numRuns: 30 },
  );
});

function cut(record: EcgRecord, seconds: number): Float64Array[] {
  return record.leads.map((lead) => lead.subarray(0, seconds * record.rateHz));
}

dataTest(
  { dataset: 'ecg-mitdb', name: 'packets change nothing on any recording', cases: 13 },
  (directory) => {
    for (const name of namesIn(directory)) {
      const leads = cut(readEcgRecord(directory, name), 90);
      assert.deepEqual(inPackets(leads, [1, 360, 77, 1024]), analyse(leads), name);
    }
  },
);

dataTest({ dataset: 'ecg-mitdb', name: 'a clean recording is read almost whole' }, (directory) => {
  const { leads, beats, rateHz } = readEcgRecord(directory, '100');
  const agreement = matchBeats({
    reference: beats.map(({ sample }) => sample),
    detected: analyse(leads).beats.map(({ sample }) => sample),
    rateHz,
  });
  assert.ok(sensitivityOf(agreement) > 0.998 && predictivityOf(agreement) > 0.998);
});
