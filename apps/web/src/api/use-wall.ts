import { useQuery } from '@tanstack/react-query';
import { sessionQuery } from './queries.ts';

/** A wall display: it shows alarms by bed, and nobody; nothing leads away from there. */
export function useIsWall(): boolean {
  const { data: session } = useQuery(sessionQuery);
  return session?.roles.every((role) => role === 'wall-display') === true;
}
