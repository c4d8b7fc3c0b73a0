/**
 * References within a transaction: to what another entry makes (by its fullUrl), to what a search finds
 * ("Practitioner?identifier=…"), and by the address of this server. They become references to resources
 * here, as they are indexed: what is not found by its patient is missing from a record.
 */
import { parseReference, referenceHere } from '@ausculta/fhir/reference';
import type { Act } from './acts.ts';
import { type Answer, refuse } from './answer.ts';
import type { DocumentName } from './document.ts';
import type { Question } from './questions.ts';

/** The one resource that passes. */
type FindOne = (question: Question) => Promise<Answer<DocumentName | undefined>>;

export interface Resolving {
  /** Those of these acts. */
  readonly questions: ReadonlySet<string>;
  readonly findOne: FindOne;
  /** Under which the client reaches this server, without a slash at its end; undefined where none asks. */
  readonly baseUrl: string | undefined;
}

const CONDITIONAL = /^([A-Z][A-Za-z]{1,63})\?(.+)$/;

/** Changes the resources of the acts in place: nobody else has them. */
export async function resolveReferences(
  acts: readonly Act[],
  names: readonly (DocumentName | undefined)[],
  { questions, findOne, baseUrl }: Resolving,
): Promise<Answer<undefined>> {
  const known = new Map<string, string>();
  for (const [at, act] of acts.entries()) {
    const name = names[at];
    if (!('fullUrl' in act) || act.fullUrl === undefined || name === undefined) continue;
    known.set(act.fullUrl, `${name.type}/${name.id}`);
  }
  for (const question of questions) {
    if (known.has(question)) continue;
    const found = await findOne(questionOf(question));
    if (!found.ok) return found;
    if (found.value === undefined) return NOBODY;
    known.set(question, `${found.value.type}/${found.value.id}`);
  }
  if (known.size === 0 && baseUrl === undefined) return { ok: true, value: undefined };
  for (const act of acts) {
    if (!('resource' in act)) continue;
    const base = parseReference(act.fullUrl ?? '')?.base;
    replaceIn(act.resource, (text) => foundIn(known, text, base), baseUrl);
  }
  return { ok: true, value: undefined };
}

const NOBODY = refuse(412, {
  code: 'not-found',
  text: 'A conditional reference finds no resource.',
});

type Holder = Record<string, unknown>;

/** Elements that name a resource by its address. */
const ADDRESSES = ['reference', 'url', 'uri'];

function eachHolder(value: unknown, see: (holder: Holder) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const one of value) eachHolder(one, see);
    return;
  }
  see(value as Holder);
  for (const key in value) eachHolder((value as Holder)[key], see);
}

export function questionOf(reference: string): Question {
  const [, type = '', query = ''] = CONDITIONAL.exec(reference) ?? [];
  return { type, query };
}

/** What the references of these acts ask for by a search. */
export function questionsIn(acts: readonly Act[]): ReadonlySet<string> {
  const questions = new Set<string>();
  for (const act of acts) {
    if (!('resource' in act)) continue;
    eachHolder(act.resource, ({ reference }) => {
      if (typeof reference === 'string' && CONDITIONAL.test(reference)) questions.add(reference);
    });
  }
  return questions;
}

/** "Patient/1" of an entry from http://x/Encounter/7 is the one from http://x/Patient/1, and no other. */
function foundIn(
  known: ReadonlyMap<string, string>,
  text: string,
  base: string | undefined,
): string | undefined {
  return known.get(text) ?? (base === undefined ? undefined : known.get(`${base}/${text}`));
}

/** The references of a resource that has come from nowhere but outside, by the address of this server. */
export function namedHere(resource: object, baseUrl: string): void {
  replaceIn(resource, () => undefined, baseUrl);
}

function replaceIn(
  resource: object,
  find: (text: string) => string | undefined,
  baseUrl: string | undefined,
): void {
  eachHolder(resource, (holder) => {
    for (const key of ADDRESSES) {
      const text = holder[key];
      if (typeof text !== 'string') continue;
      const isOurs = key === 'reference' && baseUrl !== undefined;
      const found = find(text) ?? (isOurs ? referenceHere(text, baseUrl) : undefined);
      if (found !== undefined) holder[key] = found;
    }
  });
}
