/** Waveforms by FHIR, on the real server: a window of them as SampledData, as fine as is asked. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { encodeRuns } from '@ausculta/blocks/waveform-block';
import { deviceTag } from '@ausculta/fhir/reading-id';
import { FLAG } from '@ausculta/vitals/reading';
import type { Bundle, Observation, Parameters } from '@medplum/fhirtypes';
import { clientStatus, type KitClient, kitClient } from './support/fhir-clients.ts';
import { assertAllRight, type FhirRecorder, recordFhir } from './support/fhir-recorder.ts';
import { eventually, type ServerHere, startServerHere, type TestDevice } from './support/server.ts';

let here: ServerHere;
let recorder: FhirRecorder;
let client: KitClient;
let device: TestDevice;

const HZ = 250;
const SAMPLES = Int32Array.from({ length: 10 * HZ }, (_, i) => (i * 13) % 900);
const startMs = Math.floor(Date.now() / 1_000) * 1_000 - 30_000;
const iso = (ms: number): string => new Date(ms).toISOString();

before(async () => {
  here = await startServerHere();
  const { server } = here;
  recorder = await recordFhir(server.url);
  client = await kitClient(`${recorder.url}/fhir/R4`, server.token);
  device = await server.addPatient();
  // Its clock is known from here on.
  await server.send(device, JSON.stringify({ time: Date.now(), values: { 'heart-rate': 70 } }));
  const run = { startMs, rate: { numerator: HZ, denominator: 1 }, samples: SAMPLES };
  const converter = { gain: 200, zero: 512, flags: FLAG.SIMULATED };
  const block = encodeRuns(
    ['ecg-ii', 'pleth'].map((metric) => ({ metric, ...run, ...converter })),
    NO_COMPRESSION,
  );
  assert.ok(block.ok);
  const sent = await server.send(device, Uint8Array.from(block.value), 'waveforms');
  assert.equal(sent.status, 202, await sent.text());
});
after(async () => {
  await recorder[Symbol.asyncDispose]();
  await here[Symbol.asyncDispose]();
});

const ask = async (input: object, more: object = {}): Promise<Observation[]> => {
  const name = '$waveform';
  const asked = { patient: device.subjectId, start: iso(startMs), end: iso(startMs + 2_000) };
  const bundle = (await client.operation({
    ...{ name, resourceType: 'Observation', method: 'GET', input: { ...asked, ...input } },
    ...more,
  })) as Bundle<Observation>;
  return (bundle.entry ?? []).flatMap(({ resource }) => resource ?? []);
};

const status = (asking: Promise<unknown>) =>
  asking.then(
    () => 200,
    (error: unknown) => clientStatus(error),
  );

function valuesOf({ valueSampledData }: Observation): number[] {
  return (valueSampledData?.data ?? '').split(' ').map(Number);
}

test('every sample of a window comes as it was sent, at its time', async () => {
  const [ecg, ...others] = await eventually('the waveform', async () => {
    const told = await ask({ code: 'urn:iso:std:iso:11073:10101|131330' });
    return told.length > 0 ? told : undefined;
  });
  assert.ok(ecg);
  assert.deepEqual(others, []);
  assert.deepEqual(valuesOf(ecg), [...SAMPLES.subarray(0, 2 * HZ)]);
  const { origin, period, factor } = ecg.valueSampledData ?? {};
  assert.deepEqual([origin?.value, period, factor], [-2.56, 4, 0.005]);
  assert.deepEqual(ecg.effectivePeriod, { start: iso(startMs), end: iso(startMs + 2_000) });
  const id = ecg.id ?? '';
  assert.deepEqual(await client.read({ resourceType: 'Observation', id }), ecg);
  const body = { ...ecg, id };
  assert.equal(await status(client.update({ resourceType: 'Observation', id, body })), 405);
  assert.equal(await status(client.delete({ resourceType: 'Observation', id })), 405);
});

test('as coarse as is asked, it says of how many samples each value is the mean', async () => {
  const [coarse] = await ask({ code: 'ecg-ii', period: '20' });
  assert.ok(coarse);
  const first = SAMPLES.subarray(0, 5);
  assert.equal(valuesOf(coarse)[0], Math.round(first.reduce((sum, one) => sum + one, 0) / 5));
  assert.equal(coarse.valueSampledData?.period, 20);
  assert.match(coarse.method?.text ?? '', /mean of 5/);
  const id = coarse.id ?? '';
  assert.deepEqual(await client.read({ resourceType: 'Observation', id }), coarse);
});

test('several are asked for at once, as Parameters too; outside the window there is nothing', async () => {
  const parameters: Parameters = {
    resourceType: 'Parameters',
    parameter: [
      { name: 'patient', valueReference: { reference: `Patient/${device.subjectId}` } },
      { name: 'code', valueCode: 'ecg-ii' },
      { name: 'code', valueCode: 'pleth' },
      { name: 'start', valueInstant: iso(startMs + 1_000) },
      { name: 'end', valueInstant: iso(startMs + 1_500) },
    ],
  };
  const both = await ask(parameters, { method: 'POST', input: parameters });
  assert.deepEqual(
    both.map((one) => valuesOf(one).length),
    [125, 125],
  );
  const span = { start: iso(startMs + 10_000), end: iso(startMs + 12_000) };
  assert.deepEqual(await ask({ code: 'ecg-ii', ...span }), []);
});

describe('an electrocardiogram of several leads', () => {
  const LEADS = ['ecg-i', 'ecg-ii', 'ecg-avr', 'ecg-v1'];
  const panels = ['urn:iso:std:iso:11073:10101|131328', 'http://loinc.org|11524-6', 'ecg'];
  const samplesOf = (lead: number) => SAMPLES.map((sample) => sample + lead);
  const codesOf = ({ component = [] }: Observation) =>
    component.map(
      ({ code }) => code.coding?.find(({ system }) => system?.startsWith('urn:iso'))?.code,
    );
  let patient: string;
  const asked = (input: object) => ask({ patient, ...input });

  before(async () => {
    const { server } = here;
    const subject = await server.addSubject();
    const about = { kind: 'point-of-care' };
    const body = { id: 'ecg-cart', subjectId: subject.id, about };
    const { token } = await server.post<{ token: string }>('/api/devices', body);
    const cart = { id: 'ecg-cart', token, subjectId: subject.id };
    patient = subject.id;
    await server.send(cart, JSON.stringify({ time: Date.now(), values: { 'heart-rate': 70 } }));
    const rate = { numerator: HZ, denominator: 1 };
    const common = { startMs, rate, gain: 200, zero: 512, flags: 0 };
    const leads = LEADS.map((metric, at) => ({ metric, samples: samplesOf(at), ...common }));
    // One that broke off, and a signal that is no lead.
    const short = { metric: 'ecg-v6', samples: SAMPLES.subarray(0, HZ), ...common };
    const pleth = { metric: 'pleth', samples: SAMPLES, ...common };
    const block = encodeRuns([...leads, short, pleth], NO_COMPRESSION);
    assert.ok(block.ok);
    const sent = await server.send(cart, Uint8Array.from(block.value), 'waveforms');
    assert.equal(sent.status, 202, await sent.text());
    await eventually('the leads', async () =>
      (await asked({ code: 'ecg-v1' })).length === 1 ? true : undefined,
    );
  });

  test('is one Observation with a component for each, whichever code of the whole is asked for', async () => {
    for (const code of panels) {
      const [all, short, ...others] = await asked({ code });
      assert.ok(all && short);
      assert.deepEqual(others, []);
      assert.deepEqual(codesOf(all), ['131329', '131330', '131390', '131331']);
      assert.deepEqual(
        all.component?.map((one) => one.valueSampledData?.data?.split(' ').map(Number)),
        LEADS.map((_, at) => [...samplesOf(at).subarray(0, 2 * HZ)]),
      );
      assert.equal(all.valueSampledData, undefined);
      assert.deepEqual(all.effectivePeriod, { start: iso(startMs), end: iso(startMs + 2_000) });
      assert.deepEqual(all.device?.reference, `Device/${deviceTag('ecg-cart')}`);
      assert.equal(valuesOf(short).length, HZ, 'the one that broke off, alone');
    }
  });

  test('is read again under its id, as fine as it was told, and written by nobody', async () => {
    for (const period of [undefined, '20']) {
      const [all] = await asked({ code: 'ecg', ...(period && { period }) });
      const id = all?.id ?? '';
      assert.deepEqual(await client.read({ resourceType: 'Observation', id }), all);
      const gone = id.replace(/leads-\w+/, 'leads-3zz');
      assert.equal(await status(client.read({ resourceType: 'Observation', id: gone })), 404);
      assert.equal(await status(client.delete({ resourceType: 'Observation', id })), 405);
    }
  });

  test('is told lead by lead to whoever asks for leads, and with what else is asked for', async () => {
    const two = await asked({ code: 'ecg-i,ecg-ii' }).catch(() => undefined);
    assert.equal(two, undefined, 'codes come one by one');
    const [one, ...none] = await asked({ code: 'ecg-ii' });
    assert.deepEqual(none, []);
    assert.equal(one?.component, undefined);
    const parameter = ['ecg', 'pleth'].map((valueCode) => ({ name: 'code', valueCode }));
    const input: Parameters = {
      resourceType: 'Parameters',
      parameter: [
        { name: 'patient', valueReference: { reference: `Patient/${patient}` } },
        ...parameter,
        { name: 'start', valueInstant: iso(startMs) },
        { name: 'end', valueInstant: iso(startMs + 1_000) },
      ],
    };
    const both = await ask(input, { method: 'POST', input });
    assert.deepEqual(both.map((told) => told.component?.length ?? 1).toSorted(), [1, 5]);
  });
});

test('what cannot be answered is refused with what to ask instead', async () => {
  for (const [wrong, expected] of [
    [{ code: 'heart-rate' }, 422],
    [{}, 422],
    [{ code: 'ecg-ii', patient: 'nobody' }, 400],
    [{ code: 'ecg-ii', patient: '01234567-0000-4000-8000-000000000000' }, 404],
    [{ code: 'ecg-ii', end: iso(startMs) }, 400],
    [{ code: 'ecg-ii', end: iso(startMs + 120_001) }, 400],
    [{ code: 'ecg-ii', start: 'yesterday' }, 400],
    [{ code: 'ecg-ii', period: '0' }, 400],
    [{ code: 'ecg-ii', period: '-4' }, 400],
    [{ code: 'ecg-ii', colour: 'green' }, 400],
  ] as const)
    assert.equal(await status(ask(wrong)), expected, JSON.stringify(wrong));
  const { id = '' } = (await ask({ code: 'ecg-ii' }))[0] ?? {};
  const [start] = id.split('.dw-');
  const others = [`${id}0`, id.replace('ecg-ii', 'ecg-v1'), id.replace('-250-', '-125-')];
  // Of years, and of a rate that never comes to an end.
  for (const other of [...others, `${start}.lfls-1-1000`, `${start}.dw-0-1`, `${start}.dw-250-0`]) {
    const read = client.read({ resourceType: 'Observation', id: other });
    assert.equal(await status(read), 404, other);
  }
});

test('every answer was what R4 says', () => assertAllRight(recorder, 20));
