import type { HouseAct } from '@ausculta/contract/session';
import { useQuery } from '@tanstack/react-query';
import { sessionQuery } from './queries.ts';

/** What the server says that whoever is signed in may do; before it has said so, nothing. */
export function useMay(): (act: HouseAct) => boolean {
  const { data: session } = useQuery(sessionQuery);
  return (act) => session?.may.includes(act) === true;
}
