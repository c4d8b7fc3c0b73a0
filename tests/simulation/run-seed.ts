/** One seed from its beginning to its end. */
import { checkAll, checkEveryAlarm, checkStep, checkSwept } from './checks.ts';
import { found } from './founding.ts';
import { askAnything } from './questions.ts';
import { World, type WorldOptions } from './world.ts';

export interface SeedOptions extends WorldOptions {
  readonly steps: number;
}

export interface Outcome {
  readonly seed: number;
  /** Undefined when every promise was kept. */
  readonly failure: { readonly step: number; readonly why: readonly string[] } | undefined;
  readonly trace: readonly string[];
  readonly counts: { readonly promised: number; readonly alarms: number; readonly erased: number };
}

/** What is owed when the weather is good again has this long. */
const SETTLE_STEPS_MAX = 20_000;

/** A device sends a few again at a time, for as long as it takes: there may be memory for no more. */
const SENT_AT_ONCE = 20;
const ROUND_MS = 5_000;
const ROUNDS_MAX = 200;

export async function runSeed({ steps, ...options }: SeedOptions): Promise<Outcome> {
  const { seed } = options;
  const world = new World(options);
  const thrown = (reason: unknown): void =>
    world.violate(`unhandled: ${reason instanceof Error ? reason.stack : String(reason)}`);
  process.on('unhandledRejection', thrown);
  let step = 0;
  try {
    world.onAsk = () => askAnything(world);
    await found(world, (isDone) => settle(world, isDone));
    world.storm();
    for (step = 1; step <= steps && world.violations.length === 0; step += 1) {
      world.step();
      await drained();
      checkStep(world);
      await checkIfDue(world);
    }
    if (world.violations.length === 0) await end(world);
  } catch (error) {
    thrown(error);
  } finally {
    process.off('unhandledRejection', thrown);
  }
  const [why] = world.violations;
  const { ledger, scheduler, erasing } = world;
  return {
    seed,
    failure:
      why === undefined
        ? undefined
        : { step: Math.min(step, steps), why: world.violations.slice(0, 5) },
    trace: scheduler.trace,
    counts: { promised: ledger.promised, alarms: ledger.alarms.size, erased: erasing.size },
  };
}

async function checkIfDue(world: World): Promise<void> {
  const { server } = world;
  if (!world.isCheckDue || server === undefined) return;
  world.isCheckDue = false;
  await checkAll(world, server);
}

/** All promises resolve that nothing of the world holds up. */
function drained(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets things happen, and nothing new begin, until it is done. */
async function settle(world: World, isDone: () => boolean): Promise<void> {
  for (let step = 0; step < SETTLE_STEPS_MAX; step += 1) {
    if (world.violations.length > 0 || isDone()) return;
    world.restart();
    if (!world.scheduler.happenOne()) world.scheduler.passToNext();
    await drained();
    checkStep(world);
  }
  world.violate('nothing goes on, though nothing goes wrong');
}

/**
 * The weather clears. What is owed is done, all that was measured is sent until it is heard, and the
 * server stops in order and starts again: everything is there, and nothing of the erased.
 */
async function end(world: World): Promise<void> {
  world.calm();
  world.scheduler.note('the weather clears');
  await settle(world, () => world.server !== undefined);
  const hasHeard = (): boolean => world.monitors.every(({ waiting }) => waiting.length === 0);
  for (let round = 0; round < ROUNDS_MAX && !hasHeard(); round += 1) {
    if (world.violations.length > 0) return;
    const { elapsedMs } = world.scheduler;
    for (const monitor of world.monitors) {
      for (const sent of monitor.waiting.slice(0, SENT_AT_ONCE)) world.send(monitor, sent);
    }
    const isOver = (): boolean => world.scheduler.elapsedMs > elapsedMs + ROUND_MS;
    await settle(world, () => hasHeard() || isOver());
  }
  if (world.violations.length === 0 && !hasHeard()) world.violate('a device is never answered');
  await stopAndStart(world);
  if (world.violations.length === 0) checkSwept(world);
}

async function stopAndStart(world: World): Promise<void> {
  if (world.violations.length > 0) return;
  // Erased rows are swept while a server runs, and whoever was being replaced has found out.
  const untilMs = world.scheduler.elapsedMs + 30_000;
  await settle(world, () => world.scheduler.elapsedMs > untilMs && world.server !== undefined);
  const { server } = world;
  if (server === undefined || world.violations.length > 0) return;
  await checkAll(world, server);
  let isClosed = false;
  void server.close().then(() => {
    isClosed = true;
  });
  await settle(world, () => isClosed);
  world.kill(server.life, 'in order');
  await settle(world, () => world.server !== undefined);
  if (world.server === undefined) return;
  await checkAll(world, world.server);
  const lookedMs = world.scheduler.elapsedMs + 5_000;
  await settle(world, () => world.scheduler.elapsedMs > lookedMs);
  checkEveryAlarm(world, world.server);
}
