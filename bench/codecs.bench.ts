// How many typical messages of each device language one core decodes, down to readings:
// `npm run bench -- codecs --json`.
import assert from 'node:assert/strict';
import { decodeAstm } from '../packages/codecs/src/astm.ts';
import { decodeEventsJson } from '../packages/codecs/src/events-json.ts';
import { decodeGatt, gattReport } from '../packages/codecs/src/gatt.ts';
import { decodeHl7 } from '../packages/codecs/src/hl7.ts';
import { frameMllp, MllpParser } from '../packages/codecs/src/mllp.ts';
import { decodeNightscout } from '../packages/codecs/src/nightscout.ts';
import { decodeOpenMhealth } from '../packages/codecs/src/open-mhealth.ts';
import { decodePhd } from '../packages/codecs/src/phd-apdu.ts';
import { standardConfiguration } from '../packages/codecs/src/phd-configuration.ts';
import { phdReport } from '../packages/codecs/src/phd-readings.ts';
import { decodePlainJson } from '../packages/codecs/src/plain-json.ts';
import { decodePoct } from '../packages/codecs/src/poct1a.ts';
import { decodeSenml } from '../packages/codecs/src/senml.ts';
import { bestRate } from './blocks/stopwatch.ts';
import {
  ASTM_RESULT,
  BUTTON_EVENT,
  CHARACTERISTICS,
  CUFF_APDU,
  ORU_23,
  PLAIN_MOMENT,
  POCT_RESULT,
  PRESSURE_POINT,
  SENML_CBOR,
  SENML_PACK,
  SENSOR_ENTRY,
} from './codecs/messages.ts';
import { openReport } from './report.ts';

const NOW_MS = Date.UTC(2026, 0, 15, 8, 30);
const CONTEXT = { receivedAtMs: NOW_MS };

interface Codec {
  readonly name: string;
  /** Decodes one message; the answer is how many readings and events it gave. */
  readonly decode: () => number;
  readonly count: number;
  readonly atLeast?: number;
}

const parser = new MllpParser({ bytesMax: 1024 * 1024 });
const framed = frameMllp(ORU_23);

const CODECS: readonly Codec[] = [
  ...CHARACTERISTICS.map(({ code, count, what, bytes }) => ({
    name: `Bluetooth ${what} (${code})`,
    decode: () => {
      const decoded = decodeGatt(code, bytes);
      return decoded.ok ? gattReport(code, decoded.value, CONTEXT).readings.length : 0;
    },
    count,
  })),
  { name: 'IEEE 11073-20601 fixed report', decode: decodeCuff, count: 4 },
  {
    name: 'HL7 v2 ORU of 23 segments, over MLLP',
    decode: () => {
      const [event] = parser.push(framed);
      const decoded = event?.kind === 'message' ? decodeHl7(event.bytes) : undefined;
      if (decoded?.ok !== true || decoded.value.kind !== 'observations') return 0;
      return decoded.value.groups[0]?.orders[0]?.readings.length ?? 0;
    },
    count: 9,
    atLeast: 20_000,
  },
  { name: 'ASTM result', decode: () => readingsOf(decodeAstm(ASTM_RESULT)), count: 1 },
  { name: 'POCT1-A result', decode: () => readingsOf(decodePoct(POCT_RESULT)), count: 1 },
  { name: 'SenML JSON pack', decode: () => readingsOf(decodeSenml(SENML_PACK, NOW_MS)), count: 3 },
  { name: 'SenML CBOR pack', decode: () => readingsOf(decodeSenml(SENML_CBOR, NOW_MS)), count: 3 },
  { name: 'Nightscout entry', decode: () => readingsOf(decodeNightscout(SENSOR_ENTRY)), count: 1 },
  {
    name: 'Open mHealth data point',
    decode: () => readingsOf(decodeOpenMhealth(PRESSURE_POINT)),
    count: 2,
  },
  { name: 'plain JSON moment', decode: () => readingsOf(decodePlainJson(PLAIN_MOMENT)), count: 5 },
  {
    name: 'event',
    decode: () => {
      const decoded = decodeEventsJson(BUTTON_EVENT);
      return decoded.ok ? decoded.value.events.length : 0;
    },
    count: 1,
  },
];

function readingsOf(
  decoded: { ok: true; value: { readings: readonly object[] } } | { ok: false },
): number {
  return decoded.ok ? decoded.value.readings.length : 0;
}

const CUFF = standardConfiguration(0x02bc) ?? new Map();

function decodeCuff(): number {
  const decoded = decodePhd(CUFF_APDU);
  if (!decoded.ok || decoded.value.kind !== 'data') return 0;
  const { message } = decoded.value;
  if (message.kind !== 'event-report') return 0;
  const { event, eventTime, handle } = message;
  const clock = { ...CONTEXT, utcOffsetMinutes: 0, eventTime, scanner: handle };
  return phdReport(event, CUFF, clock).readings.length;
}

/** Calls of one slice between two looks at the clock. */
const AT_ONCE = 100;

/** A missed target is said in its line and does not fail the bench; wrong readings do. */
export async function main(args: readonly string[]): Promise<number> {
  const report = openReport(args);
  for (const { name, decode, count, atLeast = 100_000 } of CODECS) {
    assert.equal(decode(), count, name);
    const rate = bestRate(() => {
      let readings = 0;
      for (let call = 0; call < AT_ONCE; call++) readings += decode();
      assert.equal(readings, count * AT_ONCE, name);
    });
    report.add({
      bench: 'codecs',
      metric: name,
      value: Math.round(rate * AT_ONCE),
      unit: 'message/s',
      target: { bound: 'atLeast', value: atLeast },
    });
  }
  return 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
