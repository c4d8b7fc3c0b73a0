import { readFileSync } from 'node:fs';
import { messagesIn } from '@ausculta/codecs/captured-messages';
import type { PartFault } from '@ausculta/codecs/decoded';
import {
  type Explained,
  explainMessage,
  isLanguage,
  LANGUAGE_USAGES,
} from '@ausculta/codecs/device-languages';
import type { ReportedEvent } from '@ausculta/vitals/event';
import { FAULTS, type Fault, type Result } from '@ausculta/vitals/fault';
import { findMetric } from '@ausculta/vitals/lookup';
import { flagNames, type ReportedReading } from '@ausculta/vitals/reading';
import type { Command } from './command.ts';
import { type Output, writeJson, writeTable } from './output.ts';
import { CommandProblem, EXIT } from './problem.ts';

const BYTES_MAX = 64 * 1024 * 1024;

/** Needs no server: it looks at bytes that lie here. */
export const DECODE: Command = {
  name: 'decode',
  words: ['CODEC', 'HEX|FILE'],
  options: { 'utc-offset': { type: 'string' } },
  usage: 'decode CODEC (HEX|FILE|-) [--utc-offset MINUTES]',
  help: `Reads a device's message here, without a server; - is the standard input.\n      CODEC: ${LANGUAGE_USAGES.join(', ')}`,
  async run({ words, options }, { out, nowMs, readIn }) {
    const [codec = '', source = ''] = words;
    if (!isLanguage(codec)) {
      throw new CommandProblem(EXIT.USAGE, `no such codec. Known: ${LANGUAGE_USAGES.join(', ')}.`);
    }
    const context = { receivedAtMs: nowMs, ...readOffset(options['utc-offset']) };
    const bytes = source === '-' ? await readIn() : readSource(source);
    if (bytes.length > BYTES_MAX) throw new CommandProblem(EXIT.USAGE, 'more than 64 MB.');
    let refused: Fault | undefined;
    for (const message of messagesIn(codec, bytes)) {
      const explained = message.ok ? explainMessage(codec, message.value, context) : message;
      if (!explained.ok) refused ??= explained.fault;
      if (out.asJson) writeJson(out, asJson(codec, explained));
      else if (explained.ok) show(out, explained.value);
    }
    if (refused !== undefined) throw new CommandProblem(EXIT.REFUSED, inWords(refused));
  },
};

function readOffset(text: string | undefined): { readonly utcOffsetMinutes?: number } {
  if (text === undefined) return {};
  const utcOffsetMinutes = /^[+-]?\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (Math.abs(utcOffsetMinutes) <= 14 * 60) return { utcOffsetMinutes };
  throw new CommandProblem(
    EXIT.USAGE,
    '--utc-offset is how far local time is ahead of UTC, in minutes from -840 to 840.',
  );
}

const HEX = /^(?:0x)?(?:[0-9A-Fa-f]{2}[\s:-]?)+$/;

/** Hexadecimal digits in pairs are bytes; a file that is called so is written ./so. */
function readSource(source: string): Uint8Array {
  if (HEX.test(source)) return Buffer.from(source.replace(/^0x|[\s:-]/g, ''), 'hex');
  try {
    return readFileSync(source);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'neither pairs of hexadecimal digits nor a file' : code;
    throw new CommandProblem(EXIT.USAGE, `cannot read what is to be decoded: ${why}.`);
  }
}

/** The message's own fields come first, beside what is the same for every language. */
function asJson(codec: string, explained: Result<Explained>): object {
  if (!explained.ok) {
    const whole = { index: 'message', ...faultJson(explained.fault) };
    return { codec, readings: [], waveforms: [], events: [], faults: [whole] };
  }
  const { fields, readings, waveforms, events, faults } = explained.value;
  return {
    codec,
    ...fields,
    readings: readings.map(readingJson),
    waveforms: waveforms.map((run) => ({ ...run, samples: [...run.samples] })),
    events: events.map(eventJson),
    faults: faults.map(({ index, fault }) => ({ index, ...faultJson(fault) })),
  };
}

function readingJson({ stampMs, flags, unit, ...reading }: ReportedReading): object {
  const own = unit ?? findMetric(reading.metric)?.unit;
  return { ...reading, unit: own, stamp: stampText(stampMs), flags: flagNames(flags) };
}

function eventJson({ stampMs, flags, ...event }: ReportedEvent): object {
  return { ...event, stamp: stampText(stampMs), flags: flagNames(flags) };
}

function faultJson({ code, detail }: Fault): object {
  return { fault: code, ...(detail !== undefined && { detail }) };
}

function stampText(stampMs: number | undefined): string | undefined {
  return stampMs === undefined ? undefined : new Date(stampMs).toISOString();
}

function show(out: Output, { fields, readings, waveforms, events, faults }: Explained): void {
  out.line(JSON.stringify(fields, undefined, 2));
  if (readings.length > 0) {
    writeTable(out, ['metric', 'value', 'unit', 'stamp', 'flags'], readings.map(readingRow));
  }
  for (const { metric, rate, samples } of waveforms) {
    const rateHz = rate.numerator / rate.denominator;
    out.line(`waveform ${metric}: ${samples.length} samples at ${rateHz} Hz`);
  }
  for (const { kind, stampMs } of events) out.line(`event ${kind} ${stampText(stampMs) ?? ''}`);
  for (const fault of faults) out.line(faultLine(fault));
  if (readings.length + waveforms.length + events.length + faults.length === 0) {
    out.line('No readings, events or faults.');
  }
}

function readingRow({ metric, value, unit, stampMs, flags }: ReportedReading): string[] {
  const name = findMetric(metric);
  const key = name?.metric.key ?? metric;
  const own = unit ?? name?.unit ?? '';
  return [key, String(value), own, stampText(stampMs) ?? '', flagNames(flags).join(' ')];
}

function faultLine({ index, fault }: PartFault): string {
  return `fault in part ${index}: ${inWords(fault)}`;
}

function inWords({ code, detail }: Fault): string {
  return `${code}: ${detail ?? FAULTS[code].why}`;
}
