import type { Protocol, Rule } from './protocol.ts';
import { calling, MINUTE_MS } from './rule-forms.ts';

/** Ready protocols for adults with diabetes who wear a sensor: ADA/Battelino consensus and safety S9. */
const QUARTER_HOUR_MS = 15 * MINUTE_MS;
const LOW = 'limit/glucose/low';

/** An urgent low ends, as a low does, at 70. */
const LOWS: readonly Rule[] = [
  calling(LOW, 'low', {
    source: 'CGM consensus: level 1 below 70 mg/dL, an event after 15 min',
    detector: {
      kind: 'limit',
      vital: 'glucose',
      direction: 'low',
      limit: 69,
      delayMs: QUARTER_HOUR_MS,
      clearance: 0,
    },
  }),
  calling('limit/glucose/low/urgent', 'medium', {
    episodeKey: LOW,
    source: 'CGM consensus: level 2 below 54 mg/dL',
    detector: {
      kind: 'limit',
      vital: 'glucose',
      direction: 'low',
      limit: 53,
      delayMs: 0,
      clearance: 16,
    },
  }),
  {
    ...calling('limit/glucose/low/lasting', 'high', {
      episodeKey: LOW,
      source: 'Safety S9: below 54 mg/dL for 15 min',
      detector: {
        kind: 'limit',
        vital: 'glucose',
        direction: 'low',
        limit: 53,
        delayMs: QUARTER_HOUR_MS,
        clearance: 16,
      },
    }),
    isEssential: true,
  },
];

const HIGH: Rule = calling('limit/glucose/high', 'low', {
  source: 'CGM consensus: level 2 above 250 mg/dL, an event after 15 min',
  detector: {
    kind: 'limit',
    vital: 'glucose',
    direction: 'high',
    limit: 251,
    delayMs: QUARTER_HOUR_MS,
    clearance: 0,
  },
});

const FALLING: Rule = calling('rate/glucose/low', 'medium', {
  source: 'CGM alerts: rapidly falling, 3 mg/dL a minute',
  detector: {
    kind: 'rate',
    vital: 'glucose',
    direction: 'low',
    delta: 45,
    windowMs: QUARTER_HOUR_MS,
    clearance: 15,
    coverMs: 10 * MINUTE_MS,
  },
});

const EACH_FIVE_MINUTES: Rule = calling('overdue/glucose', 'low', {
  source: 'Sensors send every 1–5 min; safety S4: at home low or by programme',
  detector: {
    kind: 'overdue',
    vital: 'glucose',
    cadence: { kind: 'every', everyMs: 5 * MINUTE_MS, graceMs: 15 * MINUTE_MS },
  },
});

export const DIABETES_TYPE_1: Protocol = {
  key: 'diabetes-type-1-sensor',
  version: 1,
  categories: ['adult'],
  rules: [...LOWS, HIGH, FALLING, EACH_FIVE_MINUTES],
};

export const DIABETES_TYPE_2: Protocol = {
  key: 'diabetes-type-2-sensor',
  version: 1,
  categories: ['adult'],
  rules: [...LOWS, HIGH, EACH_FIVE_MINUTES],
};
