// What calls on a recording: the ward protocol as it is shipped, and naive limits; and what should have called.
import { UTC } from '../../packages/rules/src/detectors/zone.ts';
import { ADULT_WARD } from '../../packages/rules/src/protocol/library.ts';
import { Monitor } from '../../packages/rules/src/protocol/monitor.ts';
import type { Input, Told } from '../../packages/rules/src/protocol/monitor-input.ts';
import { planAt } from '../../packages/rules/src/protocol/plan.ts';
import { type AlarmSpan, alarmSpans } from '../../packages/rules/src/whatif/alarm-spans.ts';
import { whole } from '../../packages/rules/src/whatif/steps.ts';
import { meanRate, type Rate, rhythmEvents, shownRates } from './heart-rate.ts';
import type { Recording } from './recordings.ts';

const START_MS = 1_772_352_000_000;
/** A high alarm is answered after so long, or a latched one would be the only one of its recording. */
const ANSWERED_AFTER_MS = 30_000;

const WARD = planAt(
  {
    protocol: ADULT_WARD,
    patient: { category: 'adult', spo2Scale: 1, zone: UTC },
    overrides: [],
  },
  START_MS,
);

/** In seconds from the beginning. */
export interface Call {
  readonly alarm: string;
  readonly raisedS: number;
  readonly endedS: number;
}

export function wardCalls(recording: Recording): Call[] {
  const told = toldBy(new Monitor(WARD, START_MS), inputsOf(recording), recording.seconds);
  return whole(alarmSpans(told)).map((span: AlarmSpan) => ({
    alarm: span.alarm,
    raisedS: (span.raisedMs - START_MS) / 1_000,
    endedS: (span.endedMs - START_MS) / 1_000,
  }));
}

function inputsOf(recording: Recording): Input[] {
  const device = 'monitor';
  const at = (atS: number) => {
    const atMs = START_MS + Math.round(1_000 * atS);
    return { device, atMs, receivedAtMs: atMs };
  };
  const read = { kind: 'reading', metric: 'heart-rate', flags: 0 } as const;
  const rates = shownRates(recording).map(({ atS, perMinute: value }): Input => {
    return { ...read, ...at(atS), value };
  });
  const events = rhythmEvents(recording).map(({ atS, ...rest }): Input => {
    return { kind: 'event', ...at(atS), ...rest };
  });
  return [...rates, ...events].sort((one, other) => one.receivedAtMs - other.receivedAtMs);
}

function toldBy(monitor: Monitor, inputs: readonly Input[], seconds: number): Told[] {
  const told: Told[] = [];
  const answers: { readonly alarm: string; readonly receivedAtMs: number }[] = [];
  const take = (input: Input): void => {
    for (const one of monitor.take(input)) {
      told.push(one);
      if (one.kind === 'raised')
        answers.push({ alarm: one.alarm, receivedAtMs: one.atMs + ANSWERED_AFTER_MS });
    }
  };
  const until = (nowMs: number): void => {
    while ((answers[0]?.receivedAtMs ?? Number.NaN) <= nowMs) {
      const answer = answers.shift();
      if (answer !== undefined) take({ kind: 'answer', ...answer });
    }
  };
  for (const input of inputs) {
    until(input.receivedAtMs);
    take(input);
  }
  take({ kind: 'clock', receivedAtMs: START_MS + Math.ceil(1_000 * seconds) });
  return told;
}

export interface Lines {
  readonly low: number;
  readonly high: number;
}

/** Rates against two lines, without delay or hysteresis: a call each time that one goes beyond. */
export function naiveCalls(rates: readonly Rate[], { low, high }: Lines): number {
  let calls = 0;
  let side = 0;
  for (const { perMinute } of rates) {
    const now = perMinute >= high ? 1 : perMinute <= low ? -1 : 0;
    if (now !== 0 && now !== side) calls += 1;
    side = now;
  }
  return calls;
}

export interface TrueEvent {
  readonly record: string;
  readonly fromS: number;
  readonly untilS: number;
  readonly what: 'high' | 'low';
}

const TRUE_OVER_S = 10;

/** Ten seconds whose mean rate lies beyond the line; those that touch are one. */
export function trueEvents(recording: Recording, { low, high }: Lines): TrueEvent[] {
  const events: TrueEvent[] = [];
  for (let untilS = TRUE_OVER_S; untilS <= recording.seconds; untilS += 1) {
    const fromS = untilS - TRUE_OVER_S;
    const rate = Math.round(meanRate(recording.beats, { fromS, untilS }) ?? Number.NaN);
    const what = rate >= high ? 'high' : rate <= low ? 'low' : undefined;
    if (what === undefined) continue;
    const last = events.at(-1);
    const isSame = last?.what === what && fromS <= last.untilS;
    if (isSame && last !== undefined) events.pop();
    events.push({ record: recording.name, fromS: isSame ? last.fromS : fromS, untilS, what });
  }
  return events;
}

const WITHIN_S = 10;

/** Something of the rate or of the rhythm was calling by ten seconds after its ten seconds. */
export function isTold({ fromS, what }: TrueEvent, calls: readonly Call[]): boolean {
  const byS = fromS + TRUE_OVER_S + WITHIN_S;
  return calls.some(
    ({ alarm, raisedS, endedS }) =>
      (alarm === `limit/heart-rate/${what}` || alarm.startsWith('rhythm/')) &&
      raisedS <= byS &&
      endedS >= fromS,
  );
}

/** The first call of a rhythm within ten seconds of an annotated onset. */
export function callOfRhythm(onsetS: number, calls: readonly Call[]): Call | undefined {
  return calls.find(
    ({ alarm, raisedS }) =>
      alarm.startsWith('rhythm/') && raisedS >= onsetS && raisedS <= onsetS + WITHIN_S,
  );
}
