/** Wall displays: they show alarms by bed and nothing else, to whoever walks by. */
import type { Role } from '@ausculta/policy/vocabulary';

/** Nobody signs a wall in each morning, and one that has signed out is silent (safety S12). */
export const WALL_LIFE_MS = 90 * 24 * 3_600_000;

/** Of an account that is anything else as well, it is that. */
export const isWall = (roles: readonly Role[]): boolean =>
  roles.length > 0 && roles.every((role) => role === 'wall-display');
