/** Telemetry, and everything that looks at what is measured on its way. */
import type { SubjectId } from '@ausculta/vitals/identity';
import type { Ground, Parts } from './parts.ts';
import { defaultBudgetBytes } from './telemetry/memory-budget.ts';
import { Telemetry } from './telemetry/telemetry.ts';

/** Who looks at what is measured, in the fold over the log. */
type Watching = Pick<Parts, 'registry' | 'alarms' | 'subscriptions' | 'writeBack' | 'streams'>;

export async function openTelemetry(
  { options, database, vault, encoder, health, owner }: Ground,
  { registry, alarms, subscriptions, writeBack, streams }: Watching,
  onRevision: (subjectId: SubjectId) => void,
): Promise<Telemetry> {
  const { outside, config } = options;
  return await Telemetry.open({
    ...outside,
    sql: database.line,
    read: database.read,
    sealOf: vault.sealOf,
    logKeys: vault,
    owner,
    registry,
    watchTime: (atMs) => alarms.watchTime(atMs),
    evaluate: (arrival) => {
      alarms.evaluate(arrival);
      if (arrival.insertion !== 'new') onRevision(arrival.series.subjectId);
      subscriptions.watchReading(arrival);
      writeBack.watchReading(arrival);
      streams.watchReading(arrival);
    },
    watchRun: (arrival) => alarms.watchRun(arrival),
    watchEvent: (entry) => {
      alarms.watchEvent(entry);
      if (entry.isHeld !== true) streams.watchEvent(entry);
    },
    watchMove: (entry) => alarms.watchMove(entry),
    watchCare: (entry) => alarms.watchCare(entry),
    snapshotDetectors: (span) => alarms.snapshot(span),
    settleAlarms: async () => {
      await alarms.settle();
      await subscriptions.settleReadings();
      await writeBack.settle();
    },
    encode: encoder.encode,
    memoryBytes: config.memoryBytes ?? defaultBudgetBytes(outside.machineBytes),
    mayWrite: () => !health.disk.isReached,
    merge: encoder.merge,
    onProblem: (what, error) => {
      health.noteFailure(error);
      outside.onProblem(what, error);
    },
    onTakenOver: outside.onFatal,
  });
}
