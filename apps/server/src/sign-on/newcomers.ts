/** Who has no account here and may have one: by the groups that the operator has named, and no other word. */
import { NewAccount } from '@ausculta/contract/accounts';
import { ROLES } from '@ausculta/policy/vocabulary';
import type { ProviderSettings } from './settings.ts';

export function newcomerOf(
  { rolesByGroup }: Pick<ProviderSettings, 'rolesByGroup'>,
  claims: Readonly<Record<string, unknown>>,
): NewAccount | undefined {
  if (rolesByGroup === undefined) return undefined;
  const groups = [claims[rolesByGroup.claim]].flat();
  const given = Object.entries(rolesByGroup.roles)
    .filter(([group]) => groups.includes(group))
    .flatMap(([, roles]) => roles);
  const roles = ROLES.filter((role) => given.some((one) => one === role));
  const loginName = claims['preferred_username'] ?? claims['email'] ?? claims['sub'];
  const displayName = claims['name'] ?? loginName;
  return NewAccount.safeParse({ loginName, displayName, roles }).data;
}
