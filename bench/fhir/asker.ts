// The load, in a thread of its own: eight connections that each ask again as soon as they are answered.
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { percentile } from '../query/timing.ts';
import { type AskedPatient, askingOf, type Question, type Sample } from './asking.ts';
import { type HttpConnection, openHttpConnection } from './http-connection.ts';

export interface Leg {
  readonly question: Question;
  readonly patients: readonly AskedPatient[];
  readonly port: number;
  readonly token: string;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface LegResult {
  readonly answers: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of one core. */
  readonly generatorShare: number;
  readonly wrong: number;
  /** What was wrong with the first of them. */
  readonly why: string | undefined;
  readonly samples: readonly Sample[];
}

const CONCURRENCY = 8;

async function runLeg(leg: Leg): Promise<LegResult> {
  const { question, patients, port, token, warmUpMs, measureMs } = leg;
  const asking = askingOf(question, patients);
  const connections: HttpConnection[] = [];
  for (let count = 0; count < CONCURRENCY; count += 1)
    connections.push(await openHttpConnection(port, token));
  const latenciesMs: number[] = [];
  const on = { isMeasuring: false, isOver: false, wrong: 0, why: undefined as string | undefined };
  const asked = connections.map(async (connection) => {
    while (!on.isOver) {
      const request = asking.next();
      const startMs = performance.now();
      const answer = await connection.ask(request);
      if (on.isMeasuring) latenciesMs.push(performance.now() - startMs);
      const why = asking.wrongIn(answer, request);
      if (why === undefined) continue;
      on.wrong += 1;
      on.why ??= why;
    }
  });
  const whole = Promise.all(asked);
  await Promise.race([whole, pause(warmUpMs)]);
  on.isMeasuring = true;
  const before = performance.eventLoopUtilization();
  const startMs = performance.now();
  await Promise.race([whole, pause(measureMs)]);
  on.isMeasuring = false;
  const seconds = (performance.now() - startMs) / 1000;
  const generatorShare = performance.eventLoopUtilization(before).utilization;
  on.isOver = true;
  await whole;
  for (const connection of connections) connection[Symbol.dispose]();
  return {
    answers: latenciesMs.length,
    seconds,
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
    generatorShare,
    ...{ wrong: on.wrong, why: on.why, samples: asking.samples },
  };
}

parentPort?.on('message', (leg: Leg) => {
  runLeg(leg).then(
    (result) => parentPort?.postMessage(result),
    (error: unknown) => parentPort?.postMessage({ failed: String(error) }),
  );
});
