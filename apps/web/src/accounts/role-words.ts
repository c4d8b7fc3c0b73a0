import { ROLES, type Role } from '@ausculta/policy/vocabulary';

/** Roles of people; devices and our own jobs have no account. */
export const PEOPLE_ROLES: readonly Role[] = ROLES.filter(
  (role) => role !== 'device' && role !== 'platform-job',
);

/** "Primary care", "Wall display". */
export function roleWords(role: string): string {
  const words = role.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
