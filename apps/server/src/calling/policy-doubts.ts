/** What of a policy cannot hold, and what in it somebody should look at: in words that name the place. */
import type { CallPolicy, Tier } from '@ausculta/rules/calling/policy';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { DutyPlace } from './cover.ts';
import { reportsKeys } from './gateways.ts';
import type { Reach, Within } from './reach.ts';

export interface PolicyAsked {
  readonly organisationId: OrganisationId;
  readonly reach: Pick<Reach, 'gateway' | 'whyNoMail'>;
  /** Accounts of the house that are in use. */
  readonly accounts: ReadonlySet<string>;
  readonly within: Within;
  readonly hasTimeZone: boolean;
}

interface Placed {
  /** In the policy as it was written. */
  readonly place: string;
  /** By the names that it gives. */
  readonly words: string;
  readonly tier: Tier;
}

/** A policy that names what is not there would seem to call, and call nobody: it is refused. */
export function policyFault(policy: CallPolicy, asked: PolicyAsked): string | undefined {
  for (const { place, tier } of placed(policy)) {
    for (const callee of tier.who) {
      if (callee.kind === 'account' && !asked.accounts.has(callee.accountId))
        return `${place}.who: no account of this house that is in use`;
      if (callee.kind === 'gateway' && !asked.within.hasGateway(callee.gateway))
        return `${place}.who: the operator has listed no gateway ${callee.gateway} in AUSCULTA_CALLING`;
    }
    for (const channel of tier.channels) {
      const gateway = asked.reach.gateway(asked.organisationId, channel);
      if (channel !== 'mail' && gateway === undefined)
        return `${place}.channels: the operator has listed no ${channel} in AUSCULTA_CALLING`;
      if (gateway?.kind === 'pcd-04')
        return `${place}.channels: ${channel} is an alarm manager and calls no person: name it in who`;
    }
  }
  return undefined;
}

export function policyDoubts(policy: CallPolicy, asked: PolicyAsked): string[] {
  const doubts: string[] = [];
  const usesHours = policy.routes.some(
    ({ quiet, cover }) => quiet !== undefined || cover !== undefined,
  );
  if (usesHours && !asked.hasTimeZone)
    doubts.push('No time zone is set (AUSCULTA_TIME_ZONE): its hours are those of Greenwich.');
  for (const { name, tiers, cover } of policy.routes)
    for (const [ladder, words] of [
      [tiers, name],
      [cover?.outside ?? [], `${name}, outside its hours`],
    ] as const)
      if (ladder.length > 0 && !ladder.some((tier) => provesPerson(tier, asked)))
        doubts.push(
          `${words}: no channel of it proves that a person has heard. A high alarm needs a gateway that reports a key, or somebody at a screen.`,
        );
  const noMail = asked.reach.whyNoMail();
  if (
    noMail !== undefined &&
    [...placed(policy)].some(({ tier }) => tier.channels.includes('mail'))
  )
    doubts.push(noMail);
  for (const { words, tier } of placed(policy))
    for (const callee of tier.who)
      if (callee.kind === 'account' && !isReached(tier, callee.accountId, asked.within))
        doubts.push(
          `${words}: a person who is named there can be reached by none of its channels.`,
        );
  return doubts;
}

function provesPerson(tier: Tier, { reach, organisationId }: PolicyAsked): boolean {
  const gateways = tier.who.flatMap((callee) =>
    callee.kind === 'gateway' ? [`gateway/${callee.gateway}`] : [],
  );
  return [...tier.channels, ...gateways].some((channel) =>
    reportsKeys(reach.gateway(organisationId, channel)),
  );
}

function* placed({ routes }: CallPolicy): Generator<Placed> {
  for (const [at, { name, tiers, cover }] of routes.entries()) {
    const place = `routes.${at}`;
    for (const [index, tier] of tiers.entries())
      yield { place: `${place}.tiers.${index}`, words: `${name}, ${tier.name}`, tier };
    for (const [index, tier] of (cover?.outside ?? []).entries())
      yield { place: `${place}.cover.outside.${index}`, words: `${name}, ${tier.name}`, tier };
  }
}

export function accountsIn(policy: CallPolicy): string[] {
  const named = [...placed(policy)].flatMap(({ tier }) =>
    tier.who.flatMap((callee) => (callee.kind === 'account' ? [callee.accountId] : [])),
  );
  return [...new Set(named)];
}

export function dutiesIn(policy: CallPolicy): string[] {
  const named = [...placed(policy)].flatMap(({ tier }) =>
    tier.who.flatMap((callee) => (callee.kind === 'duty' ? [callee.duty] : [])),
  );
  return [...new Set(named)].sort();
}

/** Where each duty is called: in the wards that a route names, or wherever else somebody lies. */
export function dutyPlacesIn({ routes }: CallPolicy): DutyPlace[] {
  const places = new Map<string, DutyPlace>();
  for (const route of routes)
    for (const duty of dutiesIn({ routes: [route] }))
      for (const unit of route.units.length === 0 ? [null] : route.units)
        places.set(JSON.stringify([duty, unit]), { duty, unit });
  return [...places.values()];
}

/** By any tier that calls the duty. */
export const isDutyReached = (
  policy: CallPolicy | undefined,
  { duty, accountId }: { readonly duty: string; readonly accountId: string },
  within: Within,
): boolean =>
  policy !== undefined &&
  [...placed(policy)].some(
    ({ tier }) =>
      tier.who.some((callee) => callee.kind === 'duty' && callee.duty === duty) &&
      isReached(tier, accountId, within),
  );

const isReached = ({ channels }: Tier, accountId: string, { canReach }: Within): boolean =>
  channels.some((channel) => canReach(accountId, channel));
