/**
 * The live sockets' one heartbeat: every FRAME_INTERVAL_MS each socket gets a frame with what has
 * changed for the subjects it watches. A socket remembers the number of the last change it was sent;
 * nothing is queued for it, so a slow browser costs no memory: it gets fewer frames, never a growing
 * buffer. Numbers wait for the next frame; waveform samples it missed are left out and said so.
 */
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { encodeRuns } from '@ausculta/blocks/waveform-block';
import type { AlarmView } from '@ausculta/contract/alarms';
import { type DegradedReason, FRAME_INTERVAL_MS, type LiveRequest } from '@ausculta/contract/live';
import { encodeFrame, type LiveNumeric, type LiveWaveforms } from '@ausculta/contract/live-frame';
import { type OrganisationId, parseSubjectId, type SubjectId } from '@ausculta/vitals/identity';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import type { Heads } from '../telemetry/heads.ts';
import { alarmTold } from './alarm-told.ts';
import { decimalsOf } from './decimals.ts';
import { type LiveSocket, type Seen, type Sight, Viewer } from './viewer.ts';
import { runsSince } from './waveform-frames.ts';

/** A browser that has this much unread gets no more until it has caught up. */
const BUFFERED_BYTES_MAX = 256 * 1024;

/**
 * Alarms go even to a browser that is behind, but not for ever: at this much unread its socket is
 * closed. The browser knows from its silence that nothing is live, connects again, and gets a snapshot.
 */
const LOST_BYTES_MAX = 1024 * 1024;

/** Answers to a browser that asks faster than it listens. */
const NOTICES_MAX = 1_000;

export interface HubPorts {
  readonly heads: Heads;
  readonly nowMs: () => number;
  /** Subjects that the organisation may see; everything else is refused. */
  readonly maySee: (organisationId: OrganisationId, subjectId: SubjectId) => boolean;
  readonly openAlarms: (subjectId: SubjectId) => readonly AlarmView[];
  readonly watchdog: () => {
    readonly isEnrolled: boolean;
    readonly checkedMs: number | null;
    readonly isStuck: boolean;
  };
  readonly degraded: () => { readonly sinceMs: number | null; readonly reason: DegradedReason };
}

export class LiveHub {
  readonly #ports: HubPorts;
  readonly #viewers = new Set<Viewer>();

  constructor(ports: HubPorts) {
    this.#ports = ports;
  }

  get viewerCount(): number {
    return this.#viewers.size;
  }

  join(organisationId: OrganisationId, sight: Sight, socket: LiveSocket): Viewer {
    const viewer = new Viewer(organisationId, sight, socket);
    this.#viewers.add(viewer);
    return viewer;
  }

  leave(viewer: Viewer): void {
    this.#viewers.delete(viewer);
  }

  /** Of those that are asked for, whom the viewer may see and does not watch yet. */
  newTo(viewer: Viewer, { subjects }: Pick<LiveRequest, 'subjects'>): SubjectId[] {
    return subjects.flatMap((text) => {
      const id = parseSubjectId(text);
      const isNew = id !== undefined && !viewer.watched.has(id);
      return isNew && this.#maySee(viewer, id) ? [id] : [];
    });
  }

  /** Replaces what the viewer watches; subjects new to it come with a snapshot in the next frame. */
  subscribe(viewer: Viewer, request: LiveRequest): void {
    const refused: string[] = [];
    const wanted = new Set<SubjectId>();
    viewer.wanted = new Set(request.subjects.flatMap((text) => parseSubjectId(text) ?? []));
    for (const text of request.subjects) {
      const id = parseSubjectId(text);
      if (id !== undefined && this.#maySee(viewer, id)) wanted.add(id);
      else refused.push(text);
    }
    for (const id of viewer.watched.keys()) if (!wanted.has(id)) viewer.watched.delete(id);
    const before = viewer.waveformMetrics;
    viewer.waveformMetrics = request.waveforms && new Set(request.waveforms);
    // Waveforms that were not wanted before come with a snapshot of their own.
    if (!isWithin(viewer.waveformMetrics, before)) {
      for (const seen of viewer.watched.values()) seen.waveforms = -1;
    }
    viewer.notices.push({ type: 'subscribed', subjects: [...wanted], refused });
    this.#watch(viewer, wanted);
  }

  /** Those that are not watched yet: with a snapshot, and the alarms that are open. */
  #watch(viewer: Viewer, wanted: Iterable<SubjectId>): void {
    const alarms: AlarmView[] = [];
    for (const id of wanted) {
      if (viewer.watched.has(id)) continue;
      viewer.watched.set(id, { numbers: -1, waveforms: -1, isWhole: viewer.sight.sees(id) });
      alarms.push(...this.#ports.openAlarms(id).flatMap((one) => alarmTold(viewer, one) ?? []));
    }
    if (alarms.length > 0) viewer.notices.push({ type: 'alarms', alarms });
  }

  /**
   * An alarm that is new or has changed goes to all who watch its subject, at once. Who may see the
   * subject and does not know of them yet is told that there is somebody to ask for.
   */
  publishAlarm(subjectId: SubjectId, alarm: AlarmView): void {
    for (const viewer of this.#viewers) {
      const told = this.#maySee(viewer, subjectId) ? alarmTold(viewer, alarm) : undefined;
      if (told === undefined) continue;
      const isWanted = viewer.wanted.has(subjectId);
      if (viewer.watched.has(subjectId)) viewer.notices.push({ type: 'alarms', alarms: [told] });
      // It comes with the others that are open: whoever asked for this person may see them again.
      else if (isWanted) this.#watch(viewer, [subjectId]);
      else if (alarm.episode === 'raised')
        viewer.notices.push({ type: 'elsewhere', subjects: [subjectId] });
      else continue;
      this.#sendFrame(viewer, { noticesOnly: true });
    }
  }

  /** Charts of these subjects should ask again: a correction or a late reading changed their past. */
  publishRevision(subjectId: SubjectId): void {
    for (const viewer of this.#viewers) {
      if (!viewer.watched.has(subjectId)) continue;
      const last = viewer.notices.at(-1);
      if (last?.type === 'revised' && last.subjects.includes(subjectId)) continue;
      viewer.notices.push({ type: 'revised', subjects: [subjectId] });
    }
  }

  /** What is known of a subject has changed hands: a screen forgets it, and gets all of it anew. */
  publishMove(subjectId: SubjectId): void {
    for (const viewer of this.#viewers) {
      if (!viewer.watched.has(subjectId)) continue;
      viewer.notices.push({ type: 'cleared', subjects: [subjectId] });
      const isWhole = viewer.sight.sees(subjectId);
      viewer.watched.set(subjectId, { numbers: -1, waveforms: -1, isWhole });
    }
  }

  /** Whoever may know of an alarm watches for it, whatever else of the person is kept back (safety S10). */
  #maySee({ organisationId, sight }: Viewer, subjectId: SubjectId): boolean {
    const isHere = this.#ports.maySee(organisationId, subjectId);
    const maySee = sight.sees(subjectId) || sight.seesAlarmsOf(subjectId);
    return isHere && (maySee || sight.seesBedOf(subjectId));
  }

  /**
   * Somebody's access has changed, or an alarm that opened a record was answered: whoever may not see a person
   * any more is sent nothing of them but alarms from now on, and forgets what is on the screen.
   */
  review(): void {
    for (const viewer of this.#viewers) {
      for (const [subjectId, seen] of [...viewer.watched]) {
        const isWhole = viewer.sight.sees(subjectId);
        const maySee = this.#maySee(viewer, subjectId);
        if (!maySee) viewer.watched.delete(subjectId);
        else if (isWhole === seen.isWhole) continue;
        else viewer.watched.set(subjectId, { numbers: -1, waveforms: -1, isWhole });
        const subjects = [subjectId];
        if (!maySee) viewer.notices.push({ type: 'cleared', subjects, isWhole: true });
        else if (!isWhole) viewer.notices.push({ type: 'cleared', subjects });
      }
      // A shift that begins where another ended: nobody asks anew for what the screen still shows.
      this.#watch(
        viewer,
        [...viewer.wanted].filter((id) => this.#maySee(viewer, id)),
      );
    }
  }

  /** One beat: called every FRAME_INTERVAL_MS. */
  beat(): void {
    const blocks = new Map<string, Uint8Array>();
    for (const viewer of this.#viewers) this.#sendFrame(viewer, { noticesOnly: false, blocks });
  }

  #sendFrame(
    viewer: Viewer,
    what: { noticesOnly: boolean; blocks?: Map<string, Uint8Array> },
  ): void {
    const bufferedBytes = viewer.socket.bufferedBytes();
    if (bufferedBytes > LOST_BYTES_MAX || viewer.notices.length > NOTICES_MAX) {
      this.leave(viewer);
      viewer.socket.close();
      return;
    }
    const isFull = bufferedBytes > BUFFERED_BYTES_MAX;
    // Alarms are shed last: they go even to a browser that is behind.
    if (isFull && viewer.notices.length === 0) {
      this.#skipWaveforms(viewer);
      return;
    }
    this.#noteDegraded(viewer);
    this.#noteWatchdog(viewer);
    const numerics: LiveNumeric[] = [];
    const waveforms: LiveWaveforms[] = [];
    if (!what.noticesOnly && !isFull) {
      for (const [subjectId, seen] of viewer.watched) {
        this.#collectNumbers(viewer, subjectId, seen, numerics);
        const block = this.#waveformBlock(viewer, subjectId, seen, what.blocks);
        if (block !== undefined)
          waveforms.push({ subject: viewer.names.subject(subjectId), block });
      }
    }
    this.#noteDropped(viewer, isFull);
    const names = viewer.names.news();
    const notices = names === undefined ? viewer.notices : [names, ...viewer.notices];
    viewer.frameNumber += 1;
    const frame = encodeFrame({
      number: viewer.frameNumber,
      serverTimeMs: this.#ports.nowMs(),
      noticesJson: notices.length === 0 ? '' : JSON.stringify(notices),
      numerics,
      waveforms,
    });
    viewer.notices.length = 0;
    viewer.socket.send(frame);
  }

  #noteDegraded(viewer: Viewer): void {
    const { sinceMs: since, reason } = this.#ports.degraded();
    const said = since === null ? undefined : `${since} ${reason}`;
    if (said === viewer.degradedSaid) return;
    viewer.degradedSaid = said;
    viewer.notices.push({ type: 'degraded', since, reason });
  }

  #noteWatchdog(viewer: Viewer): void {
    const { isEnrolled, checkedMs, isStuck } = this.#ports.watchdog();
    if (!isEnrolled || checkedMs === viewer.watchdogSaidMs) return;
    viewer.watchdogSaidMs = checkedMs;
    viewer.notices.push({ type: 'watchdog', isEnrolled, checkedMs, isStuck });
  }

  #noteDropped(viewer: Viewer, isFull: boolean): void {
    if (viewer.droppedMs === 0 || isFull) return;
    viewer.notices.push({ type: 'dropped', waveformMs: viewer.droppedMs });
    viewer.droppedMs = 0;
  }

  /** The browser is behind: it will not be sent these samples any more. */
  #skipWaveforms(viewer: Viewer): void {
    viewer.droppedMs += FRAME_INTERVAL_MS;
    for (const seen of viewer.watched.values()) {
      if (seen.waveforms >= 0) seen.waveforms = this.#ports.heads.changes;
    }
  }

  #collectNumbers(viewer: Viewer, subjectId: SubjectId, seen: Seen, into: LiveNumeric[]): void {
    const { heads } = this.#ports;
    for (const { series, last, changed } of heads.ofSubject(subjectId).readings) {
      if (last === undefined || changed <= seen.numbers) continue;
      if (!viewer.sight.seesMetric(subjectId, series.metric)) continue;
      if (!isWithinSpan(viewer.sight.spanOf(subjectId), last.timeMs)) continue;
      into.push({
        subject: viewer.names.subject(subjectId),
        metric: viewer.names.metric(series.metric.key),
        device: viewer.names.device(series.deviceId),
        flags: last.flags,
        decimals: decimalsOf(last.value, series.metric.resolution),
        timeMs: last.timeMs,
        value: last.value,
      });
    }
    seen.numbers = heads.changes;
  }

  /** Sockets in step share one encoding: the cache lives for one beat. */
  #waveformBlock(
    viewer: Viewer,
    subjectId: SubjectId,
    seen: Seen,
    cache: Map<string, Uint8Array> | undefined,
  ): Uint8Array | undefined {
    const { heads } = this.#ports;
    const from = seen.waveforms;
    seen.waveforms = heads.changes;
    const wanted = viewer.waveformMetrics;
    const { waveforms } = heads.ofSubject(subjectId);
    const isNow = isWithinSpan(viewer.sight.spanOf(subjectId), this.#ports.nowMs());
    const seenHere = waveforms.filter(
      ({ series: { metric } }) => isNow && viewer.sight.seesMetric(subjectId, metric),
    );
    // Who may see a part has a block of their own.
    const shared = seenHere.length === waveforms.length ? cache : undefined;
    const key = `${subjectId}/${from}/${wanted === undefined ? '*' : [...wanted].join()}`;
    const known = shared?.get(key);
    if (known !== undefined) return known;
    const runs: WaveformRun[] = [];
    for (const { series, recent } of seenHere) {
      if (wanted !== undefined && !wanted.has(series.metric.key)) continue;
      runs.push(...runsSince(from, recent));
    }
    if (runs.length === 0) return undefined;
    const block = encodeRuns(runs, NO_COMPRESSION);
    if (!block.ok) return undefined;
    shared?.set(key, block.value);
    return block.value;
  }
}

function isWithinSpan(
  span: { readonly fromMs: number; readonly toMs: number } | undefined,
  timeMs: number,
): boolean {
  return span === undefined || (span.fromMs <= timeMs && timeMs < span.toMs);
}

/** Whether every metric wanted now was wanted before; undefined wants all. */
function isWithin(now: ReadonlySet<string> | undefined, before: ReadonlySet<string> | undefined) {
  if (before === undefined) return true;
  return now !== undefined && [...now].every((metric) => before.has(metric));
}
