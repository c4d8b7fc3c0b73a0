// The load, in a process of its own: sends what a leg asks for and says how it went.
import {
  type LoadConnection,
  type LoadDevice,
  openConnection,
  type SentStamps,
} from './connection.ts';
import type { FromGenerator, Leg, LegResult, ToGenerator } from './leg.ts';

/** In paced legs a connection may fall this far behind before its messages wait for another. */
const PACED_SLOTS = 64;
const PACE_EVERY_MS = 2;
const DRAIN_WITHIN_MS = 15_000;
const CONNECT_AT_ONCE = 25;

const kept: SentStamps[] = [];
let devices: readonly LoadDevice[] = [];

function say(message: FromGenerator): void {
  process.send?.(message);
}

class Measure {
  isOn = false;
  #latenciesMs = new Float64Array(1 << 16);
  #count = 0;

  note(latenciesMs: readonly number[]): void {
    if (!this.isOn) return;
    for (const latencyMs of latenciesMs) {
      if (this.#count === this.#latenciesMs.length) {
        const wider = new Float64Array(this.#count * 2);
        wider.set(this.#latenciesMs);
        this.#latenciesMs = wider;
      }
      this.#latenciesMs[this.#count] = latencyMs;
      this.#count += 1;
    }
  }

  result(): { messages: number; p50Ms: number; p99Ms: number } {
    const sorted = this.#latenciesMs.subarray(0, this.#count).sort();
    const at = (share: number) =>
      sorted[Math.min(this.#count - 1, Math.floor(this.#count * share))];
    return { messages: this.#count, p50Ms: at(0.5) ?? Number.NaN, p99Ms: at(0.99) ?? Number.NaN };
  }
}

async function runLeg(leg: Leg): Promise<LegResult> {
  const measure = new Measure();
  let isSending = true;
  const connections = await connectAll(leg, (connection, latenciesMs) => {
    measure.note(latenciesMs);
    if (isSending && leg.load.kind === 'flood')
      connection.send(latenciesMs.length, performance.now());
  });
  const stopPacing = startLoad(leg, connections);
  await pause(leg.warmUpMs);

  measure.isOn = true;
  say({ kind: 'measuring' });
  const startedMs = performance.now();
  const cpuBefore = process.cpuUsage();
  await pause(leg.measureMs);
  measure.isOn = false;
  const seconds = (performance.now() - startedMs) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  say({ kind: 'measured' });

  isSending = false;
  stopPacing();
  const unacknowledged = await drain(connections);
  for (const connection of connections) connection.close();
  const generatorShare = (cpu.user + cpu.system) / 1e6 / seconds;
  return { kind: 'result', ...measure.result(), seconds, generatorShare, unacknowledged };
}

function startLoad(leg: Leg, connections: readonly LoadConnection[]): () => void {
  const { load } = leg;
  if (load.kind === 'idle') return () => {};
  if (load.kind === 'paced') return startPacing(load.perSecond, connections);
  for (const connection of connections) connection.send(load.inFlight, performance.now());
  return () => {};
}

/** Latency counts from when a message was due, so that a broker that stalls is not flattered. */
function startPacing(perSecond: number, connections: readonly LoadConnection[]): () => void {
  const startedMs = performance.now();
  let sent = 0;
  let next = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedMs) * perSecond) / 1000);
    let tried = 0;
    while (sent < due && tried < connections.length) {
      const done = connections[next]?.send(1, startedMs + (sent * 1000) / perSecond) ?? 0;
      next = (next + 1) % connections.length;
      sent += done;
      tried = done === 0 ? tried + 1 : 0;
    }
  }, PACE_EVERY_MS);
  return () => clearInterval(timer);
}

async function connectAll(
  leg: Leg,
  onAcknowledged: (connection: LoadConnection, latenciesMs: readonly number[]) => void,
): Promise<LoadConnection[]> {
  const slots = slotsOf(leg);
  const connections: LoadConnection[] = [];
  for (let from = 0; from < devices.length; from += CONNECT_AT_ONCE) {
    const group = devices.slice(from, from + CONNECT_AT_ONCE).map((credentials, index) => {
      const device = from + index;
      const sent = leg.isKept ? keptOf(device) : { stamps: new Float64Array(0), count: 0 };
      const onLost = (why: string) => fail(why);
      return openConnection({
        port: leg.port,
        device,
        credentials,
        slots,
        dense: leg.dense,
        sent,
        onAcknowledged,
        onLost,
      });
    });
    connections.push(...(await Promise.all(group)));
  }
  return connections;
}

function slotsOf({ load }: Leg): number {
  switch (load.kind) {
    case 'flood':
      return load.inFlight;
    case 'paced':
      return load.slots ?? PACED_SLOTS;
    case 'idle':
      return 1;
    default:
      return load satisfies never;
  }
}

function keptOf(device: number): SentStamps {
  kept[device] ??= { stamps: new Float64Array(0), count: 0 };
  return kept[device];
}

async function drain(connections: readonly LoadConnection[]): Promise<number> {
  const open = () => connections.reduce((sum, { inFlight }) => sum + inFlight, 0);
  const untilMs = performance.now() + DRAIN_WITHIN_MS;
  while (open() > 0 && performance.now() < untilMs) await pause(20);
  return open();
}

function pause(delayMs: number): Promise<void> {
  return new Promise((done) => setTimeout(done, delayMs));
}

function fail(why: string): void {
  say({ kind: 'failed', why });
}

process.on('message', (message: ToGenerator) => {
  switch (message.kind) {
    case 'devices':
      devices = message.devices;
      return say({ kind: 'ready' });
    case 'stamps':
      return say({
        kind: 'stamps',
        stamps: kept.map(({ stamps, count }) => stamps.slice(0, count)),
      });
    case 'leg':
      runLeg(message).then(say, (error: unknown) => fail(String(error)));
      return;
    default:
      message satisfies never;
  }
});
process.on('disconnect', () => process.exit(0));
