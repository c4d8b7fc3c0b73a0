/** What the world gives a server: time, timers, and the places where it may die. */
import type { IntakePorts } from '../../apps/server/src/doors/intake.ts';
import { encodeContent } from '../../apps/server/src/telemetry/chunk-content.ts';
import { mergeChunks } from '../../apps/server/src/telemetry/chunk-merge.ts';
import type { TelemetryPorts } from '../../apps/server/src/telemetry/telemetry.ts';
import { StoreError } from './memory-database.ts';
import { Died, type Life } from './scheduler.ts';
import type { World } from './world.ts';

export type Edges = Pick<TelemetryPorts, 'nowMs' | 'after' | 'pause' | 'encode' | 'merge'> &
  Pick<IntakePorts, 'onProblem'> & {
    readonly every: (periodMs: number, run: () => void) => () => void;
    /** Throws when the process dies here. */
    readonly mayDie: () => void;
  };

export function edgesOf(world: World, life: Life): Edges {
  const { chance, scheduler } = world;
  /** The encoder's thread. */
  const mayFail = async (name: string): Promise<void> => {
    await scheduler.pass(name, life);
    if (chance.happens(world.weather.encoderFails)) throw new StoreError('ENCODER');
  };
  return {
    nowMs: () => world.serverNowMs(),
    after: (delayMs, run) => scheduler.after('a timer', { life, delayMs }, run),
    every: (periodMs, run) => {
      let isStopped = false;
      const again = (): void => {
        if (isStopped) return;
        run();
        scheduler.after('a look', { life, delayMs: periodMs }, again);
      };
      scheduler.after('a look', { life, delayMs: periodMs }, again);
      return () => {
        isStopped = true;
      };
    },
    pause: () => (world.isChecking ? Promise.resolve() : scheduler.pass('pause', life)),
    encode: async (content) => {
      await mayFail('encode');
      return encodeContent(content);
    },
    merge: async (job) => {
      await mayFail('merge');
      return mergeChunks(job);
    },
    onProblem: (what, error) => world.onProblem(life, what, error),
    mayDie: () => {
      if (!life.isAlive) throw new Died();
      if (!chance.happens(world.weather.diesAtKeys)) return;
      world.kill(life, 'at a key');
      throw new Died();
    },
  };
}
