/** What opens a record to whom, in words. */
import type { Grant, Relation } from '@ausculta/contract/access';
import { DATA_CLASSES, PURPOSES } from '@ausculta/policy/vocabulary';

export const KIND_WORDS: Readonly<Record<Relation['kind'], string>> = {
  self: 'The patient’s own account',
  proxy: 'Speaks for the patient',
  'care-team': 'Care team',
  programme: 'Programme',
};

/** In the order in which a person asks: who treats, who is it, who speaks for them. */
const ORDER: readonly Relation['kind'][] = ['care-team', 'programme', 'self', 'proxy'];

export function orderTeam<Member extends Pick<Relation, 'kind' | 'name'>>(
  team: readonly Member[],
): Member[] {
  return team.toSorted(
    (one, other) =>
      ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind) || one.name.localeCompare(other.name),
  );
}

/** One account may be the patient's, speak for them and treat them: whoever reads the list is told. */
export function alsoWords(
  member: Pick<Relation, 'accountId' | 'kind'>,
  team: readonly Pick<Relation, 'accountId' | 'kind'>[],
): string | undefined {
  const others = team
    .filter(({ accountId, kind }) => accountId === member.accountId && kind !== member.kind)
    .map(({ kind }) => KIND_WORDS[kind]);
  return others.length === 0 ? undefined : `The same account is also: ${others.join(', ')}`;
}

/** "since 3 Mar, 10:00, until 5 Mar, 10:00". */
export function lastsWords(
  { from, until }: { readonly from: string; readonly until: string | null },
  moment: (atMs: number) => string,
): string {
  const since = `since ${moment(Date.parse(from))}`;
  return until === null ? since : `${since}, until ${moment(Date.parse(until))}`;
}

function wordsOf(
  keys: readonly string[],
  words: Readonly<Record<string, { words: string }>>,
): string {
  return keys.map((key) => words[key]?.words ?? key).join('; ');
}

export const classWords = (keys: readonly string[]): string => wordsOf(keys, DATA_CLASSES);
export const purposeWords = (keys: readonly string[]): string => wordsOf(keys, PURPOSES);

const ACTION_WORDS: Readonly<Record<string, string>> = {
  read: 'look at it',
  search: 'find it',
  stream: 'watch it live',
  create: 'add to it',
  change: 'change it',
  delete: 'take out of it',
  acknowledge: 'answer alarms',
  export: 'take it along',
  disclose: 'pass it on',
};

/** What may be done, of what, for what: each a sentence. */
export function grantSentences(
  grant: Pick<Grant, 'dataClasses' | 'actions' | 'purposes' | 'encounterId' | 'onward'>,
): string[] {
  const acts = grant.actions.map((key) => ACTION_WORDS[key] ?? key).join(', ');
  const stay = grant.encounterId === null ? [] : ['Of one stay alone.'];
  const onward =
    grant.onward === 'none' ? 'May not be passed on.' : 'May be passed on for the same.';
  return [
    `Sees ${classWords(grant.dataClasses)}.`,
    `May ${acts}; for ${purposeWords(grant.purposes)}.`,
    ...stay,
    onward,
  ];
}
