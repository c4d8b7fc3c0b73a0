import type { LimitRule } from './adult-limits.ts';

/**
 * Limits of devices rather than of patients: they hold for whoever wears one, of every category.
 *
 * Safety S4 calls for a battery that lasts less than 15 minutes. Devices tell a charge and not a time;
 * the shortest-lived monitors that are carried run for two to five hours, of which 5 % are 6 to 15 min.
 */
export const TECHNICAL_LIMITS: readonly LimitRule[] = [
  {
    kind: 'limit',
    key: 'technical/battery/low',
    episodeKey: 'technical/battery/low',
    vital: 'battery',
    direction: 'low',
    limit: 5,
    delayMs: 0,
    clearance: 2,
    priority: 'medium',
    source: 'Safety S4: battery for less than 15 min',
  },
];
