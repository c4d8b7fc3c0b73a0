import type { Metric } from '@ausculta/vitals/metric';
import {
  type BaselineSettings,
  type BaselineState,
  baselineDueMs,
  explainBaseline,
  NO_BASELINE,
  onBaselineClock,
  onBaselineSample,
} from '../detectors/baseline.ts';
import {
  type CompositeSettings,
  type CompositeState,
  compositeDueMs,
  explainComposite,
  NO_COMPOSITE,
  onCompositeClock,
} from '../detectors/composite.ts';
import type { Explanation, Step } from '../detectors/detection.ts';
import {
  type DeviceSettings,
  type DeviceState,
  deviceDueMs,
  explainDevice,
  NOTHING_SAID,
  onDeviceClock,
  onDeviceWord,
  signalWord,
} from '../detectors/device-condition.ts';
import { type EventSettings, type EventState, explainEvent, NO_EVENT } from '../detectors/event.ts';
import {
  awaiting,
  explainOverdue,
  type OverdueSettings,
  type OverdueState,
  onOverdueClock,
  onOverdueSample,
  overdueDueMs,
} from '../detectors/overdue.ts';
import {
  explainRate,
  NO_RATE,
  onRateSample,
  type RateSettings,
  type RateState,
} from '../detectors/rate-of-change.ts';
import {
  explainScore,
  NO_SCORE,
  onScoreClock,
  onScoreSample,
  rejudgeScore,
  type ScoreSettings,
  type ScoreState,
  scoreDueMs,
} from '../detectors/score.ts';
import {
  explainTrend,
  NO_TREND,
  onTrendSample,
  type TrendSettings,
  type TrendState,
} from '../detectors/trend.ts';
import {
  explain,
  type LimitSettings,
  type LimitState,
  type LimitTransition,
  onSample,
  onSilence,
  QUIET,
  type Sample,
  silenceDueMs,
} from '../limit.ts';
import type { Patient } from './plan.ts';
import type { Detector } from './protocol.ts';

/** A detector at work: its settings, made of plan, patient and metric, and the state it has come to. */
interface Work<Kind, Settings, State> {
  readonly kind: Kind;
  readonly settings: Settings;
  readonly state: State;
}

export type Running =
  | Work<'limit', LimitSettings, LimitState>
  | Work<'rate', RateSettings, RateState>
  | Work<'trend', TrendSettings, TrendState>
  | Work<'score', ScoreSettings, ScoreState>
  | Work<'baseline', BaselineSettings, BaselineState>
  | Work<'overdue', OverdueSettings, OverdueState>
  | Work<'device', DeviceSettings, DeviceState>
  /** An event or a rhythm. */
  | Work<'happening', EventSettings, EventState>
  | Work<'composite', CompositeSettings, CompositeState>;

/** What a snapshot keeps of it. */
export type Kept = KeptOf<Running>;
type KeptOf<One> = One extends Running ? Pick<One, 'kind' | 'state'> : never;

/** A rhythm is found by us as it comes; what is older than this was, and nobody knows how it is now. */
const RHYTHM_LATE_AFTER_MS = 60_000;

export interface Beginning {
  readonly patient: Patient;
  /** Of the series that it runs on, where it runs on one. */
  readonly metric: Metric | undefined;
  readonly nowMs: number;
}

export function start(detector: Detector, { patient, metric, nowMs }: Beginning): Running {
  const { zone, spo2Scale } = patient;
  const step = metric?.resolution ?? 1;
  const isSteady = metric?.cadence.kind === 'continuous';
  const pace =
    metric?.cadence.kind === 'continuous' ? { expectedIntervalMs: metric.cadence.intervalMs } : {};
  switch (detector.kind) {
    case 'limit': {
      const { direction, limit, clearance } = detector;
      // A single measurement is all there will be for a long while: there is nothing to wait for.
      const delayMs = isSteady ? detector.delayMs : 0;
      return {
        kind: 'limit',
        settings: { direction, limit, clearance, delayMs, step, ...pace },
        state: QUIET,
      };
    }
    case 'rate': {
      const { kind: _, vital: __, ...settings } = detector;
      return { kind: 'rate', settings: { ...settings, step }, state: NO_RATE };
    }
    case 'trend': {
      const { kind: _, vital: __, ...settings } = detector;
      return { kind: 'trend', settings: { ...settings, step, zone }, state: NO_TREND };
    }
    case 'score': {
      const { kind: _, ...settings } = detector;
      return { kind: 'score', settings: { ...settings, spo2Scale, patient }, state: NO_SCORE };
    }
    case 'baseline': {
      const { kind: _, vital: __, ...settings } = detector;
      return { kind: 'baseline', settings: { ...settings, ...pace, zone }, state: NO_BASELINE };
    }
    case 'overdue': {
      const { cadence: wanted, quiet } = detector;
      return {
        kind: 'overdue',
        settings: { cadence: wanted, quiet, zone },
        state: awaiting(nowMs),
      };
    }
    case 'device': {
      const { condition, afterMs } = detector;
      return { kind: 'device', settings: { condition, afterMs }, state: NOTHING_SAID };
    }
    case 'event': {
      const { latching, lateAfterMs } = detector;
      return { kind: 'happening', settings: { latching, lateAfterMs }, state: NO_EVENT };
    }
    case 'rhythm': {
      const settings = { latching: detector.latching, lateAfterMs: RHYTHM_LATE_AFTER_MS };
      return { kind: 'happening', settings, state: NO_EVENT };
    }
    case 'composite': {
      const { parts, atLeast, windowMs } = detector;
      return { kind: 'composite', settings: { parts, atLeast, windowMs }, state: NO_COMPOSITE };
    }
    default:
      return detector satisfies never;
  }
}

export interface Stepped {
  readonly running: Running;
  readonly transition?: LimitTransition | undefined;
}

/** Only those that look at readings. */
export function onReading(running: Running, sample: Sample & { readonly metric: string }): Stepped {
  switch (running.kind) {
    case 'limit':
      return stepped(running, onSample(running.state, sample, running.settings));
    case 'rate':
      return stepped(running, onRateSample(running.state, sample, running.settings));
    case 'trend':
      return stepped(running, onTrendSample(running.state, sample, running.settings));
    case 'baseline':
      return stepped(running, onBaselineSample(running.state, sample, running.settings));
    case 'score':
      return stepped(running, onScoreSample(running.state, sample, running.settings));
    case 'overdue':
      return stepped(running, onOverdueSample(running.state, sample, running.settings));
    case 'device': {
      if (running.settings.condition !== 'poor-signal') return { running };
      const word = signalWord(sample, running.settings);
      return stepped(running, onDeviceWord(running.state, word, running.settings));
    }
    case 'happening':
    case 'composite':
      return { running };
    default:
      return running satisfies never;
  }
}

/** The same detector with the state that a step has brought. */
export function stepped<Kind, Settings, State>(
  { kind, settings }: Work<Kind, Settings, State>,
  { state, transition }: Step<State>,
): {
  readonly running: Work<Kind, Settings, State>;
  readonly transition: LimitTransition | undefined;
} {
  return { running: { kind, settings, state }, transition };
}

/** When the clock alone will change it. */
export function dueMs(running: Running): number | undefined {
  switch (running.kind) {
    case 'limit':
      return silenceDueMs(running.state, running.settings);
    case 'baseline':
      return baselineDueMs(running.state, running.settings);
    case 'score':
      return scoreDueMs(running.state, running.settings);
    case 'overdue':
      return overdueDueMs(running.state, running.settings);
    case 'device':
      return deviceDueMs(running.state, running.settings);
    case 'composite':
      return compositeDueMs(running.state, running.settings);
    case 'rate':
    case 'trend':
    case 'happening':
      return undefined;
    default:
      return running satisfies never;
  }
}

export function onClock(running: Running, nowMs: number): Stepped {
  switch (running.kind) {
    case 'limit':
      return stepped(running, onSilence(running.state, nowMs, running.settings));
    case 'baseline':
      return stepped(running, onBaselineClock(running.state, nowMs, running.settings));
    case 'score':
      return stepped(running, onScoreClock(running.state, nowMs, running.settings));
    case 'overdue':
      return stepped(running, onOverdueClock(running.state, nowMs, running.settings));
    case 'device':
      return stepped(running, onDeviceClock(running.state, nowMs, running.settings));
    case 'composite':
      return stepped(running, onCompositeClock(running.state, nowMs, running.settings));
    case 'rate':
    case 'trend':
    case 'happening':
      return { running };
    default:
      return running satisfies never;
  }
}

export function explainRunning(running: Running, nowMs: number): Explanation {
  switch (running.kind) {
    case 'limit': {
      const { last, phase, sinceMs, raisedAtMs } = running.state;
      const { why } = explain(running.state, running.settings);
      const due = silenceDueMs(running.state, running.settings);
      const evidence = last === null ? [] : [last];
      const facts = phase === 'raised' ? { sinceMs, raisedAtMs } : {};
      return { why, evidence, ...facts, ...(due === undefined ? {} : { dueMs: due }) };
    }
    case 'rate':
      return explainRate(running.state, running.settings);
    case 'trend':
      return explainTrend(running.state, running.settings);
    case 'score':
      return explainScore(running.state, nowMs, running.settings);
    case 'baseline':
      return explainBaseline(running.state, running.settings);
    case 'overdue':
      return explainOverdue(running.state, nowMs, running.settings);
    case 'device':
      return explainDevice(running.state, running.settings);
    case 'happening':
      return explainEvent(running.state);
    case 'composite':
      return explainComposite(running.state, nowMs, running.settings);
    default:
      return running satisfies never;
  }
}

/** A detector of now with the state of before: undefined where the state is of another kind. */
export function restored(running: Running, kept: Kept): Running | undefined {
  switch (running.kind) {
    case 'limit':
      return kept.kind === 'limit' ? { ...running, state: kept.state } : undefined;
    case 'rate':
      return kept.kind === 'rate' ? { ...running, state: kept.state } : undefined;
    case 'trend':
      return kept.kind === 'trend' ? { ...running, state: kept.state } : undefined;
    case 'score':
      return kept.kind === 'score' ? { ...running, state: kept.state } : undefined;
    case 'baseline':
      return kept.kind === 'baseline' ? { ...running, state: kept.state } : undefined;
    case 'overdue':
      return kept.kind === 'overdue' ? { ...running, state: kept.state } : undefined;
    case 'device':
      return kept.kind === 'device' ? { ...running, state: kept.state } : undefined;
    case 'happening':
      return kept.kind === 'happening' ? { ...running, state: kept.state } : undefined;
    case 'composite':
      return kept.kind === 'composite' ? { ...running, state: kept.state } : undefined;
    default:
      return running satisfies never;
  }
}

/**
 * The settings have changed while it was at work. A limit is held against the last reading at once, and a
 * score against what is current: what is raised goes on where that is still beyond, and a delay that runs
 * is not begun anew. The others judge by their next reading.
 */
export function rejudged(running: Running, nowMs: number): Stepped {
  if (running.kind === 'score')
    return stepped(running, rejudgeScore(running.state, nowMs, running.settings));
  if (running.kind !== 'limit' || running.state.last === null) return { running };
  const sample = { ...running.state.last, receivedAtMs: nowMs };
  return stepped(running, onSample(running.state, sample, running.settings));
}
