/**
 * Another version, other overrides, another patient: what a change in the middle of an episode does.
 *
 * - A rule of the same key goes on with the state that it has; alarms are named by key and not by version.
 * - A limit is held against the last reading at once. What is raised goes on where that is still beyond the
 *   new limit, and ends where it is not; a delay that runs is not begun anew.
 * - A rule that is gone, or switched off, ends, and says that the protocol has changed. High and medium
 *   stay owed: nobody has measured that the patient is better.
 * - A rule that is new, or switched on again, looks at the last reading as if it had just come.
 */
import {
  allRecords,
  catchUp,
  episodeOf,
  forgetWatch,
  sorted,
  startOfPatient,
  startOnSeries,
  type Watch,
  wait,
  watchesOf,
} from './bedside.ts';
import type { Plan, PlannedRule } from './plan.ts';
import { onReading, rejudged, restored, start } from './running.ts';
import type { SeriesRecord } from './series-record.ts';
import { apply, feedComposites, type Turn } from './telling.ts';

export function followPlan(turn: Turn, plan: Plan): void {
  const { bedside } = turn;
  catchUp(bedside);
  const isOtherPatient = JSON.stringify(plan.patient) !== JSON.stringify(bedside.plan.patient);
  bedside.plan = plan;
  const byKey = new Map(plan.rules.map((planned) => [planned.rule.key, planned]));
  for (const watch of [...bedside.watches.values()]) {
    const planned = byKey.get(watch.planned.rule.key);
    if (planned === undefined || planned.isOff) stop(turn, watch);
    else change(turn, watch, { planned, isOtherPatient });
  }
  startOfPatient(bedside);
  for (const record of allRecords(bedside)) {
    startOnSeries(bedside, record);
    record.isCalm = false;
    for (const watch of watchesOf(bedside, record)) judgeLast(turn, watch, record);
  }
}

function stop(turn: Turn, watch: Watch): void {
  forgetWatch(turn.bedside, watch);
  leave(turn, watch);
  if (watch.running.state.phase === 'raised')
    feedComposites(turn, watch, { kind: 'ended', atMs: undefined });
}

function leave(turn: Turn, watch: Watch): void {
  const { episode } = watch;
  episode.watches = episode.watches.filter((one) => one !== watch);
  // Told by the episode that it was in, whichever that is when the turn is over.
  turn.touched.push({ ...watch });
}

function change(
  turn: Turn,
  watch: Watch,
  { planned, isOtherPatient }: { readonly planned: PlannedRule; readonly isOtherPatient: boolean },
): void {
  const { bedside, now } = turn;
  const before = JSON.stringify(watch.planned.rule.detector);
  const hold = episodeOf(bedside, planned, watch.place);
  if (hold !== watch.episode) {
    leave(turn, watch);
    watch.episode = hold;
    hold.watches = sorted([...hold.watches, watch]);
  }
  watch.planned = planned;
  const isSame = before === JSON.stringify(planned.rule.detector) && !isOtherPatient;
  if (!isSame) {
    const { patient } = bedside.plan;
    const metric = watch.record?.metric;
    const fresh = start(planned.rule.detector, { patient, metric, nowMs: now.nowMs });
    const step = rejudged(restored(fresh, watch.running) ?? fresh, now.nowMs);
    apply(turn, watch, step);
    // Where its state is as it was, it may still be due at another time.
    watch.running = step.running;
    wait(bedside, watch);
  }
  turn.touched.push(watch);
}

/** Of a rule that has just begun: what was read last may be beyond it. */
function judgeLast(turn: Turn, watch: Watch, record: SeriesRecord): void {
  const { running } = watch;
  if (running.kind !== 'limit' || running.state.last !== null) return;
  if (!Number.isFinite(record.lastAtMs)) return;
  const { lastAtMs: atMs, lastValue: value, lastFlags: flags, metric } = record;
  const reading = { atMs, value, flags, metric: metric.key, receivedAtMs: turn.now.nowMs };
  apply(turn, watch, onReading(running, reading));
}
