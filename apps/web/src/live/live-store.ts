import type { AlarmView } from '@ausculta/contract/alarms';
import { type DegradedReason, LiveNotice } from '@ausculta/contract/live';
import { decodeFrame, type LiveNumeric } from '@ausculta/contract/live-frame';
import type { WaveformRun } from '@ausculta/vitals/waveform';
import { z } from 'zod';
import { alarmKey } from '../alarms/alarm-order.ts';
import { isAhead } from '../vitals/freshness.ts';
import { SampleRing } from './sample-ring.ts';
import type { WatchdogTold } from './watchdog-words.ts';

/** 12 s at 500 Hz, the fastest usual ECG: two sweeps of a tile. */
const RING_SAMPLES = 6_000;
/** Ten minutes of a number each second: what charts add at their right edge between two questions. */
const RECENT_READINGS_MAX = 600;
/** Alarms of a former connection that nobody confirmed by then have ended while we were away. */
const CONFIRM_WITHIN_MS = 2_000;

const Notices = z.array(LiveNotice);

export interface LatestReading {
  readonly metric: string;
  readonly device: string;
  readonly timeMs: number;
  readonly value: number;
  readonly flags: number;
  readonly decimals: number;
}

/** What this browser knows of one subject. `version` grows with every change of numbers or alarms. */
export interface SubjectLive {
  readonly latest: Map<string, LatestReading>;
  readonly recent: Map<string, LatestReading[]>;
  readonly rings: Map<string, SampleRing>;
  readonly alarms: Map<string, AlarmView>;
  version: number;
  /** Grows when samples that may be drawn already have changed. */
  rewrites: number;
  /** Grows when the server says that the past was corrected: charts ask again. */
  revisions: number;
}

/** Decodes the block of a waveform section; undefined for bytes that do not decode. */
export type DecodeBlock = (bytes: Uint8Array) => readonly WaveformRun[] | undefined;

export interface FrameOutcome {
  readonly serverTimeMs: number;
  /** Subjects whose numbers or alarms changed. */
  readonly touched: ReadonlySet<string>;
  readonly refusals: readonly string[];
  /** Subjects with an alarm that this socket does not watch. */
  readonly elsewhere: readonly string[];
}

function emptySubject(): SubjectLive {
  return {
    latest: new Map(),
    recent: new Map(),
    rings: new Map(),
    alarms: new Map(),
    version: 0,
    rewrites: 0,
    revisions: 0,
  };
}

/** The state behind all live screens: a fold over the frames of the socket. Knows no clock. */
export class LiveStore {
  readonly #decodeBlock: DecodeBlock;
  readonly #subjects = new Map<string, SubjectLive>();
  readonly #subjectNames = new Map<number, string>();
  readonly #metricNames = new Map<number, string>();
  readonly #deviceNames = new Map<number, string>();
  readonly #unconfirmed = new Set<string>();
  #confirmByMs: number | undefined;
  #droppedAtMs: number | undefined;
  #degradedSinceMs: number | null = null;
  #degradedReason: DegradedReason = 'stalled';
  #watchdog: WatchdogTold | undefined;

  constructor(decodeBlock: DecodeBlock) {
    this.#decodeBlock = decodeBlock;
  }

  /** When the server last left out waveform because this browser was too slow. Numbers never are. */
  get droppedAtMs(): number | undefined {
    return this.#droppedAtMs;
  }

  get degradedSinceMs(): number | null {
    return this.#degradedSinceMs;
  }

  get degradedReason(): DegradedReason {
    return this.#degradedReason;
  }

  /** Undefined before the server has said anything of it. */
  get watchdog(): WatchdogTold | undefined {
    return this.#watchdog;
  }

  subject(id: string): SubjectLive {
    let subject = this.#subjects.get(id);
    if (subject === undefined) {
      subject = emptySubject();
      this.#subjects.set(id, subject);
    }
    return subject;
  }

  has(id: string): boolean {
    return this.#subjects.has(id);
  }

  /** All alarms known, of every subject watched. */
  alarms(): AlarmView[] {
    return [...this.#subjects.values()].flatMap((subject) => [...subject.alarms.values()]);
  }

  /** A new socket names everything anew. What is known stays, to be shown as stale. */
  startConnection(): void {
    this.#subjectNames.clear();
    this.#metricNames.clear();
    this.#deviceNames.clear();
    this.#confirmByMs = undefined;
    this.#unconfirmed.clear();
    // A server tells a new socket of what is wrong with it, and of nothing else.
    this.#degradedSinceMs = null;
    for (const subject of this.#subjects.values()) {
      for (const alarm of subject.alarms.values()) this.#unconfirmed.add(alarmKey(alarm));
    }
  }

  /** Undefined: the bytes are not a frame of this contract; the connection should be begun anew. */
  apply(bytes: Uint8Array): FrameOutcome | undefined {
    const frame = decodeFrame(bytes);
    if (frame === undefined) return undefined;
    const notices = parseNotices(frame.noticesJson);
    if (notices === undefined) return undefined;
    const touched = new Set<string>();
    const refusals: string[] = [];
    const elsewhere: string[] = [];
    for (const notice of notices) {
      this.#note(notice, { serverTimeMs: frame.serverTimeMs, touched, refusals, elsewhere });
    }
    const nowMs = frame.serverTimeMs;
    for (const numeric of frame.numerics) this.#measure(numeric, nowMs, touched);
    for (const { subject, block } of frame.waveforms) {
      const runs = this.#decodeBlock(block);
      if (runs === undefined) return undefined;
      this.#sample(subject, runs, nowMs);
    }
    this.#forgetUnconfirmed(frame.serverTimeMs, touched);
    for (const id of touched) this.subject(id).version += 1;
    return { serverTimeMs: frame.serverTimeMs, touched, refusals, elsewhere };
  }

  #note(
    notice: LiveNotice,
    into: {
      serverTimeMs: number;
      touched: Set<string>;
      refusals: string[];
      elsewhere: string[];
    },
  ): void {
    switch (notice.type) {
      case 'names':
        for (const [index, id] of notice.subjects) this.#subjectNames.set(index, id);
        for (const [index, key] of notice.metrics) this.#metricNames.set(index, key);
        for (const [index, id] of notice.devices) this.#deviceNames.set(index, id);
        return;
      case 'subscribed':
        this.#keepOnly(notice.subjects);
        this.#confirmByMs ??= into.serverTimeMs + CONFIRM_WITHIN_MS;
        return;
      case 'alarms':
        for (const alarm of notice.alarms) {
          this.#unconfirmed.delete(alarmKey(alarm));
          this.#changeAlarm(alarm);
          into.touched.add(alarm.subjectId);
        }
        return;
      case 'elsewhere':
        into.elsewhere.push(...notice.subjects);
        return;
      case 'dropped':
        this.#droppedAtMs = into.serverTimeMs;
        return;
      case 'revised':
        for (const id of notice.subjects) {
          this.subject(id).revisions += 1;
          into.touched.add(id);
        }
        return;
      case 'cleared':
        for (const id of notice.subjects) {
          this.#clear(this.subject(id));
          if (notice.isWhole) this.subject(id).alarms.clear();
          into.touched.add(id);
        }
        return;
      case 'degraded':
        this.#degradedSinceMs = notice.since;
        this.#degradedReason = notice.reason;
        return;
      case 'watchdog':
        this.#watchdog = notice;
        return;
      case 'refused':
        into.refusals.push(notice.fault);
        return;
      default:
        notice satisfies never;
    }
  }

  /** Subjects no longer watched are forgotten: what is not refreshed must not be found again as live. */
  #keepOnly(ids: readonly string[]): void {
    const wanted = new Set(ids);
    for (const id of this.#subjects.keys()) if (!wanted.has(id)) this.#subjects.delete(id);
    for (const id of wanted) this.subject(id);
  }

  /** What a screen shows may be another patient's: nothing of it stays. Alarms say so themselves. */
  #clear(subject: SubjectLive): void {
    subject.latest.clear();
    subject.recent.clear();
    subject.rings.clear();
    subject.rewrites += 1;
    subject.revisions += 1;
  }

  #changeAlarm(alarm: AlarmView): void {
    const { alarms } = this.subject(alarm.subjectId);
    if (alarm.episode === 'resolved') alarms.delete(alarm.id);
    else alarms.set(alarm.id, alarm);
  }

  #measure(numeric: LiveNumeric, nowMs: number, touched: Set<string>): void {
    const id = this.#subjectNames.get(numeric.subject);
    const metric = this.#metricNames.get(numeric.metric);
    if (id === undefined || metric === undefined) return;
    const device = this.#deviceNames.get(numeric.device) ?? '';
    const reading: LatestReading = {
      metric,
      device,
      timeMs: numeric.timeMs,
      value: numeric.value,
      flags: numeric.flags,
      decimals: numeric.decimals,
    };
    const subject = this.subject(id);
    const key = `${metric} ${device}`;
    const known = subject.latest.get(key);
    // The server's clock was set back: what is ahead of it now would stand for as long, as if it were live.
    const isSetBack = known !== undefined && isAhead(nowMs - known.timeMs);
    if (isSetBack) subject.recent.delete(key);
    if (known === undefined || isSetBack || known.timeMs <= reading.timeMs)
      subject.latest.set(key, reading);
    remember(subject.recent, key, reading);
    touched.add(id);
  }

  #sample(index: number, runs: readonly WaveformRun[], nowMs: number): void {
    const id = this.#subjectNames.get(index);
    if (id === undefined) return;
    const subject = this.subject(id);
    for (const run of runs) {
      let ring = subject.rings.get(run.metric);
      if (ring === undefined || isAhead(nowMs - (ring.endMs ?? nowMs))) {
        if (ring !== undefined) subject.rewrites += 1;
        ring = new SampleRing(RING_SAMPLES);
        subject.rings.set(run.metric, ring);
      }
      if (ring.push(run).rewrote) subject.rewrites += 1;
    }
  }

  #forgetUnconfirmed(serverTimeMs: number, touched: Set<string>): void {
    if (this.#confirmByMs === undefined || serverTimeMs < this.#confirmByMs) return;
    if (this.#unconfirmed.size === 0) return;
    for (const [id, subject] of this.#subjects) {
      for (const alarm of subject.alarms.values()) {
        if (!this.#unconfirmed.has(alarmKey(alarm))) continue;
        subject.alarms.delete(alarm.id);
        touched.add(id);
      }
    }
    this.#unconfirmed.clear();
  }
}

function parseNotices(json: string): LiveNotice[] | undefined {
  if (json === '') return [];
  try {
    const parsed = Notices.safeParse(JSON.parse(json));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

function remember(recent: Map<string, LatestReading[]>, key: string, reading: LatestReading): void {
  const readings = recent.get(key) ?? [];
  const last = readings.at(-1);
  if (last !== undefined && last.timeMs >= reading.timeMs) return;
  readings.push(reading);
  if (readings.length > RECENT_READINGS_MAX) readings.shift();
  recent.set(key, readings);
}
