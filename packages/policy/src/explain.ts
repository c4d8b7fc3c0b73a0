/**
 * A decision in words. For the caller it says what is missing in general and nothing about the person;
 * for the officer and the person themselves it adds which papers decided.
 */
import type { Decision } from './decide.ts';
import { REFUSALS } from './refusals.ts';
import type { Opening } from './rule-index.ts';
import { RULES, type RuleId } from './rules.ts';
import { NEEDS, OBLIGATIONS, PURPOSES, RELATIONS } from './vocabulary.ts';

export interface Explanation {
  /** Stable: a rule's id, or the code of a refusal. */
  readonly code: string;
  readonly sentence: string;
  readonly obligations: readonly string[];
  readonly wouldOpen: readonly string[];
  /** For the officer alone: the consent, its provision and the grant, by their ids. */
  readonly papers: readonly string[];
}

const BY_ID = new Map(RULES.map((rule) => [rule.id, rule]));

export function explain(decision: Decision, audience: 'caller' | 'officer'): Explanation {
  const papers = audience === 'officer' ? papersOf(decision) : [];
  if (decision.isPermitted) {
    const { rule, obligations } = decision;
    return {
      code: rule,
      sentence: sentenceOf(rule),
      obligations: obligations.map((name) => OBLIGATIONS[name]),
      wouldOpen: [],
      papers,
    };
  }
  return {
    code: decision.code,
    sentence: REFUSALS[decision.code],
    obligations: [],
    wouldOpen: decision.wouldOpen.map(openingSentence),
    papers,
  };
}

function sentenceOf(id: RuleId): string {
  return BY_ID.get(id)?.why ?? '';
}

function openingSentence({ relations, purposes, needs }: Opening): string {
  const who = relations.map((name) => RELATIONS[name]).join(', or ');
  const why = purposes.map((name) => PURPOSES[name].words).join(', or ');
  const what = needs.map((name) => (name === 'consent' ? 'the person’s consent' : NEEDS[name]));
  const also = what.length === 0 ? '' : `; needs ${what.join(' and ')}`;
  return `For ${who}; for ${why}${also}.`;
}

function papersOf({ evidence }: Decision): string[] {
  const { consentId, provision, grantId } = evidence;
  return [
    ...(consentId === undefined ? [] : [`consent ${consentId}, provision ${provision ?? '?'}`]),
    ...(grantId === undefined ? [] : [`grant ${grantId}`]),
  ];
}
