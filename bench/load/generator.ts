// The bench's handle on its load generator and on the bare broker: child processes that end with it.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadDevice } from './connection.ts';
import type { FromGenerator, Leg, LegResult, ToGenerator } from './leg.ts';

export interface Generator extends Disposable {
  /** `onMeasure` is called as the measured part begins and as it ends. */
  run(leg: Leg, onMeasure?: (edge: 'begins' | 'ends') => void): Promise<LegResult>;
  /** Of every device, the stamps of all it sent in kept legs, in order. */
  stamps(): Promise<readonly Float64Array[]>;
}

export async function startGenerator(devices: readonly LoadDevice[]): Promise<Generator> {
  const child = fork(fileURLToPath(new URL('./load-generator.ts', import.meta.url)), {
    serialization: 'advanced',
  });
  await ask(child, { kind: 'devices', devices }, 'ready');
  return {
    run: (leg, onMeasure) => ask(child, leg, 'result', onMeasure),
    stamps: async () => (await ask(child, { kind: 'stamps' }, 'stamps')).stamps,
    [Symbol.dispose]: () => void child.kill(),
  };
}

type Answer<K> = Extract<FromGenerator, { kind: K }>;

function ask<K extends FromGenerator['kind']>(
  child: ChildProcess,
  question: ToGenerator,
  answer: K,
  onMeasure?: (edge: 'begins' | 'ends') => void,
): Promise<Answer<K>> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) =>
      reject(new Error(`the load generator ended with ${code}`));
    const onMessage = (message: FromGenerator): void => {
      if (message.kind === 'measuring') onMeasure?.('begins');
      if (message.kind === 'measured') onMeasure?.('ends');
      if (message.kind !== answer && message.kind !== 'failed') return;
      child.off('message', onMessage);
      child.off('exit', onExit);
      if (message.kind === 'failed') reject(new Error(message.why));
      else resolve(message as Answer<K>);
    };
    child.on('message', onMessage);
    child.once('exit', onExit);
    child.send(question);
  });
}

export interface BareBroker extends Disposable {
  readonly pid: number;
  readonly port: number;
}

export async function startBareBroker(): Promise<BareBroker> {
  const child = fork(fileURLToPath(new URL('./bare-broker.ts', import.meta.url)));
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(Number(message)));
    child.once('exit', (code) => reject(new Error(`the bare broker ended with ${code}`)));
  });
  return { pid: child.pid ?? 0, port, [Symbol.dispose]: () => void child.kill() };
}
