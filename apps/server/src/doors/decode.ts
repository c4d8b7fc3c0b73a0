/** From a message's bytes to what intake takes, by the kind of topic or route it came on. */
import { readBlockHeader } from '@ausculta/blocks/block-frame';
import { type Compression, NO_COMPRESSION } from '@ausculta/blocks/compression';
import { decodeRuns } from '@ausculta/blocks/waveform-block';
import type { DecodedReadings } from '@ausculta/codecs/decoded';
import { decodeEventsJson } from '@ausculta/codecs/events-json';
import { STAMP_MAX_MS } from '@ausculta/codecs/iso-time';
import { decodePlainJson } from '@ausculta/codecs/plain-json';
import { decodeSenml, isCborArray } from '@ausculta/codecs/senml';
import { type Fault, fail, type Result } from '@ausculta/vitals/fault';
import { sampleOffsetMs, type WaveformRun } from '@ausculta/vitals/waveform';
import { WHOLE_MESSAGE } from '../line/entry.ts';
import { zstd } from '../telemetry/zstd.ts';
import { decodeReportMessage, isReport } from './decode-report.ts';
import type { Decoded } from './intake.ts';

/** What a device may send: the last part of its topic or route. */
export const MESSAGE_KINDS = ['readings', 'waveforms', 'events'] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** A minute of twelve leads at 500 Hz fits; nothing a device sends in one message is larger. */
export const MESSAGE_BYTES_MAX = 1024 * 1024;

/**
 * A minute of twelve leads at 500 Hz, and some more. A flat line compresses to nothing, so that a
 * message's bytes alone do not bound the work it makes.
 */
const SAMPLES_MAX = 400_000;

/** Above any converter of a medical device; beyond it samples would no longer advance time. */
const RATE_MAX_HZ = 100_000;

/** A patch's whole wear in one run, from one sample a second up. */
const RUN_LASTS_MAX_MS = 30 * 24 * 3_600_000;

/** Blocks may come plain or compressed; the header tells which. */
const COMPRESSION: Compression = { compress: NO_COMPRESSION.compress, decompress: zstd.decompress };

export function decodeMessage(kind: MessageKind, bytes: Uint8Array, receivedMs: number): Decoded {
  switch (kind) {
    case 'readings':
      return decodeReadingsMessage(bytes, receivedMs);
    case 'waveforms': {
      const header = readBlockHeader(bytes);
      if (header.ok && header.value.count > SAMPLES_MAX)
        return nothing(fail('BLOCK_TOO_LARGE', `more than ${SAMPLES_MAX} samples`).fault);
      const runs = decodeRuns(bytes, COMPRESSION);
      if (!runs.ok) return nothing(runs.fault);
      const odd = runs.value.findIndex((run) => !isMeasurable(run));
      if (odd >= 0) return nothing(fail('STAMP_INVALID', `run ${odd}: start or rate`).fault);
      return { kind: 'waveforms', runs: runs.value, faults: [] };
    }
    case 'events': {
      const events = decodeEventsJson(bytes);
      if (!events.ok) return nothing(events.fault);
      return { kind: 'events', ...events.value };
    }
    default:
      return kind satisfies never;
  }
}

/**
 * A block may say any start and any rate. Here they have to be times that the platform can reckon with:
 * an offset beyond 53 bits could be neither written nor read back, and would hold up everybody's log.
 */
export function isMeasurable({ startMs, rate, samples }: WaveformRun): boolean {
  const lastsMs = sampleOffsetMs(rate, Math.max(1, samples.length));
  const isRate = rate.numerator <= rate.denominator * RATE_MAX_HZ;
  return isRate && startMs >= 0 && startMs <= STAMP_MAX_MS && lastsMs <= RUN_LASTS_MAX_MS;
}

const OPENING_BRACKET = 0x5b;

/**
 * SenML (RFC 8428) is an array of records, in JSON or in CBOR; the plain form may be an array of moments,
 * which have "values"; a report block begins as neither can.
 */
function decodeReadingsMessage(bytes: Uint8Array, receivedMs: number): Decoded {
  const decoded = decodeAnyReadings(bytes, receivedMs);
  if (!decoded.ok) return nothing(decoded.fault);
  const { readings, sentMs, faults } = decoded.value;
  return { kind: 'readings', readings, sentMs, faults };
}

function decodeAnyReadings(bytes: Uint8Array, receivedMs: number): Result<DecodedReadings> {
  if (isArray(bytes)) return decodeArray(bytes, receivedMs);
  return isReport(bytes) ? decodeReportMessage(bytes, COMPRESSION) : decodePlainJson(bytes);
}

function decodeArray(bytes: Uint8Array, receivedMs: number): Result<DecodedReadings> {
  if (isCborArray(bytes)) return decodeSenml(bytes, receivedMs);
  const looksPlain = new TextDecoder().decode(bytes.subarray(0, 256)).includes('"values"');
  return looksPlain ? decodePlainJson(bytes) : decodeSenml(bytes, receivedMs);
}

function isArray(bytes: Uint8Array): boolean {
  if (isCborArray(bytes)) return true;
  for (const byte of bytes) {
    if (byte === OPENING_BRACKET) return true;
    // White space of JSON may come first.
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return false;
  }
  return false;
}

function nothing(fault: Fault): Decoded {
  return { kind: 'nothing', faults: [{ index: WHOLE_MESSAGE, fault }] };
}
