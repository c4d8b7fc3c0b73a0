// Reads back, through the HTTP API, everything that was sent, and compares it value by value.
import type { Platform, PlatformDevice } from './platform.ts';
import { SENT_METRICS, sentValue } from './values.ts';

export interface Comparison {
  readonly compared: number;
  /** Sent and acknowledged, but not there. */
  readonly missing: number;
  /** There with another value, unit or flag than it was sent with, or never sent. */
  readonly different: number;
}

interface Line {
  readonly stamp: string;
  readonly metric: string;
  readonly value: number;
  readonly flags: readonly string[];
  readonly device: string;
}

const RETRY_AFTER_MS = 1000;

export async function readBack(
  platform: Platform,
  devices: readonly PlatformDevice[],
  stamps: readonly Float64Array[],
): Promise<Comparison> {
  let [compared, missing, different] = [0, 0, 0];
  for (const [device, { id, subjectId }] of devices.entries()) {
    const sent = stamps[device] ?? new Float64Array(0);
    // Where in the device's own order each metric's next reading should stand.
    const next = new Map(SENT_METRICS.map(({ key }, index) => [key, { index, sequence: 0 }]));
    for await (const text of linesOf(platform, subjectId)) {
      const line = JSON.parse(text) as Line;
      const place = next.get(line.metric);
      const stampMs = Date.parse(line.stamp);
      compared += 1;
      if (place === undefined || line.device !== id || line.flags.length > 0) {
        different += 1;
        continue;
      }
      while (place.sequence < sent.length && (sent[place.sequence] as number) < stampMs) {
        missing += 1;
        place.sequence += 1;
      }
      const isSent = sent[place.sequence] === stampMs;
      if (!isSent || line.value !== sentValue(device, place.sequence, place.index)) different += 1;
      if (isSent) place.sequence += 1;
    }
    for (const { sequence } of next.values()) missing += sent.length - sequence;
  }
  return { compared, missing, different };
}

async function* linesOf(platform: Platform, subjectId: string): AsyncGenerator<string> {
  const metrics = SENT_METRICS.map(({ key }) => key).join(',');
  const url = `${platform.httpUrl}/api/subjects/${subjectId}/readings?metric=${metrics}`;
  let response = await fetch(url, { headers: platform.headers() });
  while (response.status === 429) {
    await response.body?.cancel();
    await new Promise((done) => setTimeout(done, RETRY_AFTER_MS));
    response = await fetch(url, { headers: platform.headers() });
  }
  if (!response.ok || response.body === null)
    throw new Error(`reading back answered ${response.status}`);
  let rest = '';
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
