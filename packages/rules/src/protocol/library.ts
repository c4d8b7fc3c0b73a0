import { ADULT_LIMITS } from '../adult-limits.ts';
import { TECHNICAL_LIMITS } from '../technical-limits.ts';
import { DIABETES_TYPE_1, DIABETES_TYPE_2 } from './library-glucose.ts';
import { HEART_FAILURE_HOME, HELP_AT_HOME, HYPERTENSION_HOME } from './library-home.ts';
import type { Protocol, Rule } from './protocol.ts';
import { atOnce, MINUTE_MS, RHYTHMS, ruleOfLimit } from './rule-forms.ts';

/** Stray values of a second are no score: what is beyond a limit calls by the limit, at once. */
const SCORE_DELAY_MS = MINUTE_MS;

const NEWS2_RULES: readonly Rule[] = [
  {
    key: 'score/news2',
    episodeKey: 'score/news2',
    priority: 'medium',
    role: 'alarm',
    source: 'NEWS2 (RCP 2017): a single 3 or 5–6 urgent, 7 or more emergency; safety S19',
    detector: {
      kind: 'score',
      score: 'news2',
      levels: [
        { priority: 'medium', atLeast: 5, anyPart: 3 },
        { priority: 'high', atLeast: 7 },
      ],
      delayMs: SCORE_DELAY_MS,
      ageMaxMs: {},
    },
  },
  {
    key: 'score/qsofa',
    episodeKey: 'score/qsofa',
    priority: 'low',
    role: 'alarm',
    source: 'Sepsis-3 (Singer 2016); safety S18: shown, never alarms',
    detector: { kind: 'score', score: 'qsofa', levels: [], delayMs: 0, ageMaxMs: {} },
  },
];

const LOSS_RULES: readonly Rule[] = [
  atOnce('technical/leads-off', 'leads-off', 'Safety S4: leads off within 10–15 s, medium'),
  atOnce('technical/disconnected', 'disconnected', 'Safety S4: no data within 10–15 s, medium'),
];

export const ADULT_WARD: Protocol = {
  key: 'adult-ward',
  version: 1,
  categories: ['adult'],
  rules: [
    ...ADULT_LIMITS.map(ruleOfLimit),
    ...NEWS2_RULES,
    ...RHYTHMS,
    ...TECHNICAL_LIMITS.map(ruleOfLimit),
    ...LOSS_RULES,
  ],
};

/**
 * Protocols that are ready: starting points for a clinician, each line with its source (safety S18). They
 * are for adults alone; nobody else has a sourced table.
 */
export const READY_PROTOCOLS: readonly Protocol[] = [
  ADULT_WARD,
  HEART_FAILURE_HOME,
  HYPERTENSION_HOME,
  DIABETES_TYPE_1,
  DIABETES_TYPE_2,
  HELP_AT_HOME,
];

/** What somebody will look for here, and why it is not (safety S18). */
export const LEFT_OUT: readonly { readonly what: string; readonly why: string }[] = [
  { what: 'cold-chain', why: 'no sourced table of temperatures for what is stored' },
  { what: 'child', why: 'no sourced table by age' },
  { what: 'neonate', why: 'no sourced table' },
  { what: 'maternity', why: 'no sourced table; NEWS2 is refused in pregnancy' },
  { what: 'hypertension-home-mean', why: 'no detector of a mean over a week yet' },
  { what: 'glucose-urgent-low-soon', why: 'no validated forecast (safety S22)' },
  { what: 'spo2-scale-2-limits', why: 'a target of 88–92 % needs limits that a clinician sets' },
];
