import {
  type Bedside,
  type BedsideProgress,
  placeBedside,
  startProgress,
  stepBedside,
} from './bedside.ts';
import { type MonitorLink, openMonitorLink } from './monitor-link.ts';
import { readRecording } from './recording-files.ts';
import type { Monitor } from './ward-setup.ts';

export interface Replay extends AsyncDisposable {
  /** Resolves when every monitor has been connected once. */
  readonly connected: Promise<void>;
}

export interface ReplayOptions {
  readonly mqttUrl: string;
  readonly monitors: readonly Monitor[];
  readonly nowMs: () => number;
  /** Lines for whoever watches: connections that come and go, messages that were refused. */
  readonly onNews: (line: string) => void;
}

/** A frame of waveforms this often: two to three a second, as bedside monitors send. */
const FRAME_MS = 400;

/** Plays every monitor's recording in real time, round and round, until it is disposed of. */
export async function startReplay(options: ReplayOptions): Promise<Replay> {
  const ready: Promise<void>[] = [];
  const players: Disposable[] = [];
  const links: MonitorLink[] = [];
  const news = connectionNews(options.monitors.length, options.onNews);
  const refusals = refusalNews(options.onNews);
  for (const [index, monitor] of options.monitors.entries()) {
    const recording = await readRecording(monitor.patient.recording);
    const { deviceId } = monitor;
    const bedside = placeBedside(monitor.patient, { recording, deviceId, nowMs: options.nowMs() });
    const first = Promise.withResolvers<void>();
    ready.push(first.promise);
    const link = openMonitorLink({
      url: options.mqttUrl,
      deviceId,
      token: monitor.token,
      onChange: (state) => {
        if (state === 'connected') first.resolve();
        news(deviceId, state);
      },
      nowMs: options.nowMs,
      onError: (text) => refusals(deviceId, text),
    });
    links.push(link);
    // Beds send one after another within a frame, so that the server's work is spread evenly.
    const delayMs = (index * FRAME_MS) / options.monitors.length;
    players.push(play(bedside, { link, delayMs, nowMs: options.nowMs }));
  }
  return {
    connected: Promise.all(ready).then(() => undefined),
    async [Symbol.asyncDispose]() {
      for (const player of players) player[Symbol.dispose]();
      await Promise.all(links.map((link) => link[Symbol.asyncDispose]()));
    },
  };
}

function play(
  bedside: Bedside,
  { link, delayMs, nowMs }: { link: MonitorLink; delayMs: number; nowMs: () => number },
): Disposable {
  let progress: BedsideProgress = startProgress(bedside);
  const tick = (): void => {
    const step = stepBedside(bedside, progress, nowMs());
    progress = step.progress;
    if (step.outgoing.length > 0) link.send(step.outgoing);
  };
  let frames: NodeJS.Timeout | undefined;
  const start = setTimeout(() => {
    frames = setInterval(tick, FRAME_MS);
  }, delayMs);
  return {
    [Symbol.dispose]() {
      clearTimeout(start);
      clearInterval(frames);
    },
  };
}

/** One line when the ward loses the server and one when all of it is back, not one for each bed. */
function connectionNews(
  count: number,
  onNews: (line: string) => void,
): (deviceId: string, state: 'connected' | 'lost' | 'refused') => void {
  const away = new Set<string>();
  return (deviceId, state) => {
    if (state === 'refused') onNews(`${deviceId}: the server does not take this monitor's token`);
    if (state === 'connected') {
      if (away.delete(deviceId) && away.size === 0)
        onNews(`All ${count} monitors are connected again.`);
      return;
    }
    if (away.size === 0)
      onNews('The server is away: the monitors keep what it has not acknowledged.');
    away.add(deviceId);
  };
}

/** The first refusal of each monitor is news; the rest is for `npx ausculta parked`. */
function refusalNews(onNews: (line: string) => void): (deviceId: string, text: string) => void {
  const told = new Set<string>();
  return (deviceId, text) => {
    if (told.has(deviceId)) return;
    told.add(deviceId);
    const fault = /"fault":"([A-Z_]+)"/.exec(text)?.[1] ?? 'no reason given';
    onNews(`${deviceId}: the server parked a message (${fault}); npx ausculta parked shows which.`);
  };
}
