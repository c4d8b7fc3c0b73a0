/**
 * What a device measured turns out to be another subject's. What the detectors made of it ends here:
 * nobody has alarms, delays or leads by what was somebody else's. Whose it is now goes on from where
 * the device has come to, so that a device which is silent just then is missed for the right person.
 * Their own limits begin with their next reading; what lies behind is judged apart, as late.
 */
import { foldEpisode } from '@ausculta/rules/episode';
import { QUIET } from '@ausculta/rules/limit';
import type { MovedEntry, Series } from './entry.ts';
import type { Evaluator } from './evaluate.ts';
import { alarmIdOf, type Finding } from './finding.ts';
import {
  catchUp,
  forgetLast,
  goOnFrom,
  type SeriesWatch,
  type SubjectWatch,
  setLeads,
} from './series-watch.ts';

export function handOver(
  evaluator: Evaluator,
  entry: MovedEntry,
  /** The same metric, device and epoch, of whose it is now. */
  twinOf: (series: Series) => Series | undefined,
): Finding[] {
  const subject = evaluator.subject(entry.subjectId);
  if (subject === undefined) return [];
  const moved = subject.series.filter((watch) => isMoved(watch, entry));
  for (const watch of moved) {
    evaluator.watchOf(watch.series);
    catchUp(watch);
    const twin = twinOf(watch.series);
    if (twin !== undefined) follow(evaluator.watchOf(twin), watch);
    for (const each of watch.watches) each.state = QUIET;
    forgetLast(watch);
  }
  const twin = moved[0] && twinOf(moved[0].series);
  handLeads(subject, entry, twin && evaluator.watchOf(twin).subject);
  return [...endedEpisodes(entry, moved), ...evaluator.plans.takeAway(entry)];
}

/** Rests on what was moved: its newest reading was. What came before and after it stays. */
function isMoved({ series, lastAtMs }: SeriesWatch, entry: MovedEntry): boolean {
  return series.deviceId === entry.deviceId && lastAtMs >= entry.fromMs && lastAtMs < entry.untilMs;
}

function follow(watch: SeriesWatch, before: SeriesWatch): void {
  if (watch.lastAtMs < before.lastAtMs) goOnFrom(watch, before);
}

function handLeads(
  subject: SubjectWatch,
  { deviceId, fromMs, untilMs }: MovedEntry,
  to: SubjectWatch | undefined,
): void {
  const said = subject.leads.get(deviceId);
  if (said === undefined || said.atMs < fromMs || said.atMs >= untilMs) return;
  setLeads(subject, deviceId, undefined);
  if (to === undefined) return;
  const known = to.leads.get(deviceId)?.atMs ?? Number.NEGATIVE_INFINITY;
  if (known < said.atMs) setLeads(to, deviceId, said);
}

/** Episodes that nothing holds any more; one that another device holds as well goes on. */
function endedEpisodes({ receivedMs }: MovedEntry, moved: readonly SeriesWatch[]): Finding[] {
  const [first] = moved;
  if (first === undefined) return [];
  const touched = new Set(moved.flatMap(({ watches }) => watches.map(({ episode }) => episode)));
  const findings: Finding[] = [];
  for (const held of touched) {
    const { sinceMs } = held.episode;
    const members = held.watches.map(({ series: { id: seriesId }, rule, state }) => {
      return { seriesId, priority: rule.priority, state };
    });
    const { episode, transition } = foldEpisode(held.episode, members);
    held.episode = episode;
    if (transition !== 'ended') continue;
    const alarmId = alarmIdOf(held.key, sinceMs);
    const { series } = held.watches[0] ?? first;
    const when = { endedMs: receivedMs, atMs: receivedMs };
    findings.push({ kind: 'ended', alarmId, series, ...when, because: 'moved' });
  }
  return findings;
}
