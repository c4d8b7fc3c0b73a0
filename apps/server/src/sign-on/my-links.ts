/**
 * What of one's accounts elsewhere opens one's own. A link outlives its provider in the operator's list: it is a way
 * in no more, and is shown until its person removes it.
 */
import type { MySignOn } from '@ausculta/contract/sign-on';
import type { ProviderSettings } from './settings.ts';
import type { ListedLink } from './store.ts';

type Offered = Pick<ProviderSettings, 'name' | 'label' | 'issuer'>;

interface Known {
  readonly links: readonly ListedLink[];
  readonly offered: readonly Offered[];
  readonly sha256: (text: string) => Uint8Array;
}

export function listLinks({ links, offered, sha256 }: Known): MySignOn {
  const listed = offered.map(({ name, label, issuer }) => {
    const link = links.find((one) => one.issuer === issuer);
    return { name, label, isOffered: true, ...timesOf(link) };
  });
  const gone = goneOf({ links, offered }).map((link) => {
    const name = nameOf(link, sha256);
    return { name, label: link.issuer, isOffered: false, ...timesOf(link) };
  });
  return { providers: [...listed, ...gone] };
}

/** Undefined: nobody is called so. */
export function issuerOf(name: string, { links, offered, sha256 }: Known): string | undefined {
  const gone = goneOf({ links, offered }).find((one) => nameOf(one, sha256) === name);
  return offered.find((one) => one.name === name)?.issuer ?? gone?.issuer;
}

export function isLastWayIn(issuer: string, known: Pick<Known, 'links' | 'offered'>): boolean {
  const { links, offered } = known;
  const opens = ({ issuer: other }: Pick<ListedLink, 'issuer'>) =>
    offered.some((one) => one.issuer === other);
  return opens({ issuer }) && !links.some((one) => one.issuer !== issuer && opens(one));
}

const goneOf = ({ links, offered }: Pick<Known, 'links' | 'offered'>): ListedLink[] =>
  links.filter(({ issuer }) => !offered.some((one) => one.issuer === issuer));

/** Longer than a name in the operator's list may be. */
const nameOf = ({ issuer }: ListedLink, sha256: Known['sha256']): string =>
  Buffer.from(sha256(issuer)).toString('hex');

const timesOf = (link: ListedLink | undefined) => ({
  linkedAt: link?.linked_at.toISOString() ?? null,
  usedAt: link?.used_at?.toISOString() ?? null,
});
