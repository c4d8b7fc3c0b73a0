/**
 * References within a transaction: to what another entry makes (by its fullUrl), and to what a search
 * finds ("Practitioner?identifier=…"). They become references to resources here.
 */
import type { Act } from './acts.ts';
import { type Answer, refuse } from './answer.ts';
import type { DocumentName } from './document.ts';

/** The one resource that passes. */
type FindOne = (type: string, query: string) => Promise<Answer<DocumentName | undefined>>;

const CONDITIONAL = /^([A-Z][A-Za-z]{1,63})\?(.+)$/;

/** Changes the resources of the acts in place: nobody else has them. */
export async function resolveReferences(
  acts: readonly Act[],
  names: readonly (DocumentName | undefined)[],
  findOne: FindOne,
): Promise<Answer<undefined>> {
  const known = new Map<string, string>();
  for (const [at, act] of acts.entries()) {
    const name = names[at];
    if (!('fullUrl' in act) || act.fullUrl === undefined || name === undefined) continue;
    known.set(act.fullUrl, `${name.type}/${name.id}`);
  }
  for (const question of questionsIn(acts)) {
    if (known.has(question)) continue;
    const [, type = '', query = ''] = CONDITIONAL.exec(question) ?? [];
    const found = await findOne(type, query);
    if (!found.ok) return found;
    if (found.value === undefined) return NOBODY;
    known.set(question, `${found.value.type}/${found.value.id}`);
  }
  if (known.size === 0) return { ok: true, value: undefined };
  for (const act of acts) if ('resource' in act) replaceIn(act.resource, known);
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

function replaceIn(resource: object, known: ReadonlyMap<string, string>): void {
  eachHolder(resource, (holder) => {
    for (const key of ADDRESSES) {
      const text = holder[key];
      const found = typeof text === 'string' ? known.get(text) : undefined;
      if (found !== undefined) holder[key] = found;
    }
  });
}
