import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { SampleRate } from '@ausculta/vitals/waveform';
import { wfdbChecksum } from './wfdb.ts';

/** The way back to WFDB, in format 212: recordings cut for the demo and for tests are made with it. */
export interface WfdbRecord {
  readonly recordName: string;
  readonly rate: SampleRate;
  readonly signals: readonly {
    readonly samples: Int32Array;
    readonly gain: number;
    readonly baseline: number;
    readonly unit: string;
    readonly resolutionBits: number;
    readonly description: string;
  }[];
  readonly comments: readonly string[];
}

const SAMPLE_MIN = -2048;
const SAMPLE_MAX = 2047;

export function writeWfdbHeader(record: WfdbRecord): string {
  const { rate, signals } = record;
  const frames = signals[0]?.samples.length ?? 0;
  const lines = [
    `${record.recordName} ${signals.length} ${rate.numerator / rate.denominator} ${frames}`,
    ...signals.map(({ samples, gain, baseline, unit, resolutionBits, description }) =>
      [
        `${record.recordName}.dat 212 ${gain}(${baseline})/${unit}`,
        `${resolutionBits} ${baseline} ${samples[0] ?? 0} ${wfdbChecksum(samples)} 0 ${description}`,
      ].join(' '),
    ),
    ...record.comments.map((comment) => `# ${comment}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** Signals of one length, interleaved frame by frame, two samples in three bytes. */
export function writeWfdbSignals(signals: readonly Int32Array[]): Result<Uint8Array> {
  const frames = signals[0]?.length ?? 0;
  if (signals.some((samples) => samples.length !== frames)) {
    return fail('PAYLOAD_MALFORMED', 'the signals of a WFDB file differ in length');
  }
  const total = frames * signals.length;
  const bytes = new Uint8Array(Math.ceil((total * 3) / 2));
  let index = 0;
  for (let frame = 0; frame < frames; frame += 1) {
    for (const samples of signals) {
      const sample = samples[frame] ?? 0;
      if (sample < SAMPLE_MIN || sample > SAMPLE_MAX) {
        return fail(
          'PAYLOAD_MALFORMED',
          'a sample does not fit into the 12 bits of WFDB format 212',
        );
      }
      const at = (index >> 1) * 3;
      const high = (sample >> 8) & 0x0f;
      if ((index & 1) === 0) {
        bytes[at] = sample & 0xff;
        bytes[at + 1] = high;
      } else {
        bytes[at + 1] = (bytes[at + 1] ?? 0) | (high << 4);
        bytes[at + 2] = sample & 0xff;
      }
      index += 1;
    }
  }
  return ok(bytes);
}
