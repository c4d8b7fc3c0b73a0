/** Who comes in, people and programs of others, and who oversees what they look at. */
import type { AccountId } from '@ausculta/vitals/identity';
import type { Standing } from './access/standing.ts';
import type { Registry } from './devices/registry.ts';
import type { SignedInSockets } from './live/signed-in-sockets.ts';
import { Oidc } from './oidc/open-oidc.ts';
import { type OpenedOversight, openOversight } from './oversight/open-oversight.ts';
import type { Ground, Parts } from './parts.ts';
import { openPeople, type People } from './people/open-people.ts';

interface Around {
  readonly sockets: SignedInSockets;
  readonly standing: Standing;
  readonly registry: Registry;
}

/** What they watch ends with what let them in. */
export async function openSignIn(
  { options, database, vault: { organisationSeal } }: Ground,
  { sockets, standing, registry }: Around,
): Promise<Pick<Parts, keyof People | keyof OpenedOversight | 'oidc'>> {
  const { outside } = options;
  const sql = database.line;
  const given = { sql, organisationSeal, outside };
  const people = openPeople({ ...given, people: database.people, duty: standing });
  people.signIn.onEnd((credential) => sockets.closeAll(credential));
  const subjectOf = (id: AccountId) => standing.ownSubjectOf(id, outside.nowMs());
  const onGone = () => people.signIn.forgetTokens();
  const oidc = new Oidc({ ...given, subjectOf, onGone });
  const overseen = await openOversight({ ...options, sql, registry, standing });
  return { ...people, ...overseen, oidc };
}
