/** The table of rules, compiled: a place for each role, data class and action, with the rows that open it. */
import { RULES, type Rule, type RuleId } from './rules.ts';
import type { Action, DataClass, Need, Obligation, Purpose, Relation } from './vocabulary.ts';
import {
  ACTION_COUNT,
  actionPlace,
  bitsOf,
  DATA_COUNT,
  dataPlace,
  purposePlace,
  ROLE_COUNT,
  relationPlace,
  rolePlace,
} from './word-bits.ts';

export interface CompiledRule {
  readonly id: RuleId;
  readonly relations: number;
  readonly purposes: number;
  readonly needs: readonly Need[];
  readonly consent: Rule['consent'];
  readonly obligations: readonly Obligation[];
}

/** What would open it: said to whoever is refused, and the same for every person asked about. */
export interface Opening {
  readonly rule: RuleId;
  readonly relations: readonly Relation[];
  readonly purposes: readonly Purpose[];
  readonly needs: readonly (Need | 'consent')[];
}

export interface Slot {
  /** Those first that no consent closes: what needs no exception is decided without one. */
  readonly rules: readonly CompiledRule[];
  readonly openings: readonly Opening[];
}

const EMPTY: Slot = { rules: [], openings: [] };

function compile(rules: readonly Rule[]): readonly Slot[] {
  const sorted = [...rules].sort((a, b) => rank(a) - rank(b));
  const slots: Slot[] = new Array(ROLE_COUNT * DATA_COUNT * ACTION_COUNT).fill(EMPTY);
  for (const rule of sorted) {
    const opening = openingOf(rule);
    for (const name of rule.data) {
      for (const action of rule.may) {
        const compiled = compileRule(rule, { name, action });
        for (const role of rule.who) {
          const at = slotAt(rolePlace(role), dataPlace(name), actionPlace(action));
          const { rules: others, openings } = slots[at] ?? EMPTY;
          slots[at] = { rules: [...others, compiled], openings: [...openings, opening] };
        }
      }
    }
  }
  return slots;
}

function slotAt(role = 0, data = 0, action = 0): number {
  return (role * DATA_COUNT + data) * ACTION_COUNT + action;
}

function rank({ needs, consent }: Rule): number {
  if (needs?.includes('break-glass')) return 4;
  return ['cannot-close', 'not-asked', 'may-close', 'must-permit'].indexOf(consent);
}

function compileRule(
  rule: Rule,
  about: { readonly name: DataClass; readonly action: Action },
): CompiledRule {
  const obligations = rule.duties ?? [];
  return {
    id: rule.id as RuleId,
    relations: bitsOf(rule.as, relationPlace),
    purposes: bitsOf(rule.purposes, purposePlace),
    needs: rule.needs ?? [],
    consent: rule.consent,
    obligations: isAudited(about.name, about.action) ? ['audit', ...obligations] : obligations,
  };
}

const LOOKS: readonly string[] = ['read', 'search', 'stream'];
const PLAIN: readonly string[] = ['devices', 'fleet', 'supply', 'aggregates', 'status'];

/** Every access to what is about a person and every change; not every look at a battery. */
function isAudited(name: string, action: string): boolean {
  return !(PLAIN.includes(name) && LOOKS.includes(action));
}

function openingOf({ id, as, purposes, needs, consent }: Rule): Opening {
  const asked: readonly (Need | 'consent')[] = needs ?? [];
  return {
    rule: id as RuleId,
    relations: as,
    purposes,
    needs: consent === 'must-permit' ? [...asked, 'consent'] : asked,
  };
}

const SLOTS = compile(RULES);

export function slotOf(role: number, data: number, action: number): Slot {
  return SLOTS[(role * DATA_COUNT + data) * ACTION_COUNT + action] ?? EMPTY;
}
