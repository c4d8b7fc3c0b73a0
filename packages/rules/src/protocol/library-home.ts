import type { Protocol, Rule } from './protocol.ts';
import { calling, MINUTE_MS } from './rule-forms.ts';

/** Ready protocols for adults at home who weigh, measure their pressure, or may fall. */
const WEIGHT_GAIN = 'trend/weight/high';

const WEIGHED_DAILY: Rule = calling('overdue/weight', 'low', {
  source: 'AHA/ESC patient rules: weigh daily; safety S4: at home low or by programme',
  detector: {
    kind: 'overdue',
    vital: 'weight',
    cadence: { kind: 'days', count: 1, days: 1 },
    quiet: { fromMinute: 1260, untilMinute: 540 },
  },
});

export const HEART_FAILURE_HOME: Protocol = {
  key: 'heart-failure-home',
  version: 1,
  categories: ['adult'],
  rules: [
    calling('trend/weight/high/overnight', 'low', {
      episodeKey: WEIGHT_GAIN,
      source: 'AHA/ESC patient rules: a gain of 1–1.5 kg in 24 h',
      detector: {
        kind: 'trend',
        vital: 'weight',
        direction: 'high',
        delta: 1,
        days: 1,
        clearance: 0.2,
      },
    }),
    calling(WEIGHT_GAIN, 'medium', {
      source: 'ESC: a gain of 2 kg in 3 days',
      detector: {
        kind: 'trend',
        vital: 'weight',
        direction: 'high',
        delta: 2,
        days: 3,
        clearance: 0.3,
      },
    }),
    calling('trend/weight/high/week', 'medium', {
      episodeKey: WEIGHT_GAIN,
      source: 'AHA: a gain of 2.3 kg (5 lb) in 7 days',
      detector: {
        kind: 'trend',
        vital: 'weight',
        direction: 'high',
        delta: 2.3,
        days: 7,
        clearance: 0.3,
      },
    }),
    calling('trend/weight/low', 'medium', {
      source: 'ESC: a loss of 2 kg in 3 days, over-diuresis',
      detector: {
        kind: 'trend',
        vital: 'weight',
        direction: 'low',
        delta: 2,
        days: 3,
        clearance: 0.3,
      },
    }),
    WEIGHED_DAILY,
  ],
};

/** The mean of a week, which makes the diagnosis, has no detector yet; here is only the crisis. */
export const HYPERTENSION_HOME: Protocol = {
  key: 'hypertension-home',
  version: 1,
  categories: ['adult'],
  rules: [
    calling('limit/blood-pressure-systolic/high', 'high', {
      source: 'ACC/AHA 2017: crisis above 180 mmHg systolic; safety S5, S25',
      detector: {
        kind: 'limit',
        vital: 'blood-pressure-systolic',
        direction: 'high',
        limit: 181,
        delayMs: 0,
        clearance: 4,
      },
    }),
    calling('limit/blood-pressure-diastolic/high', 'high', {
      source: 'ACC/AHA 2017: crisis above 120 mmHg diastolic; safety S5, S25',
      detector: {
        kind: 'limit',
        vital: 'blood-pressure-diastolic',
        direction: 'high',
        limit: 121,
        delayMs: 0,
        clearance: 4,
      },
    }),
  ],
};

/** A fall or a button is told as what happened when it is older than this on receipt (safety S5). */
const LATE_AFTER_MS = MINUTE_MS;

/** Personal emergency response: a button and a fall detector. */
export const HELP_AT_HOME: Protocol = {
  key: 'help-at-home',
  version: 1,
  categories: ['adult'],
  rules: [
    {
      ...calling('call/button', 'high', {
        source: 'Safety S5, S24: a help button calls at once',
        detector: { kind: 'event', event: 'button', latching: true, lateAfterMs: LATE_AFTER_MS },
      }),
      isEssential: true,
    },
    {
      ...calling('call/fall', 'high', {
        source: 'Safety S5: a fall calls at once',
        detector: { kind: 'event', event: 'fall', latching: true, lateAfterMs: LATE_AFTER_MS },
      }),
      isEssential: true,
    },
    calling('technical/battery/low', 'medium', {
      source: 'Safety S4: battery for less than 15 min',
      detector: {
        kind: 'limit',
        vital: 'battery',
        direction: 'low',
        limit: 5,
        delayMs: 0,
        clearance: 2,
      },
    }),
  ],
};
