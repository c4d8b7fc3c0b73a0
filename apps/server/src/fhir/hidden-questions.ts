/**
 * Questions that were asked by a form, as they go on in the link to their next page. Addresses end up in
 * logs and histories, so the link tells nothing of the form: the question is sealed in it, for whoever
 * is of the organisation. One too long for an address is kept here for a while, under a name of its own.
 */
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Seal } from '../vault/seal.ts';
import { packText, unpackText } from './document.ts';

export interface QuestionPorts {
  readonly vault: { readonly organisationSeal: (organisationId: string) => Seal };
  readonly nowMs: () => number;
  readonly newId: () => string;
}

type Parameters = readonly (readonly [string, string])[];

export interface QuestionPlace {
  readonly organisationId: OrganisationId;
  readonly type: string | undefined;
}

export interface HiddenQuestion {
  /** Without a cursor. */
  readonly parameters: Parameters;
  readonly cursor: string;
}

interface Kept {
  readonly place: string;
  readonly parameters: Parameters;
  readonly letters: number;
  readonly untilMs: number;
}

/** A server refuses headers of 16 KB, and what stands before it perhaps half of that. */
const SEALED_LETTERS_MAX = 4_000;
const KEPT_MS = 15 * 60_000;
const KEPT_LETTERS_MAX = 16 * 2 ** 20;

const SEALED = 'q.';
const KEPT = 'k.';

export const isHidden = (cursor: string): boolean =>
  cursor.startsWith(SEALED) || cursor.startsWith(KEPT);

export class HiddenQuestions {
  readonly #ports: QuestionPorts;
  /** The one that was asked for last at the end. */
  readonly #kept = new Map<string, Kept>();
  #letters = 0;

  constructor(ports: QuestionPorts) {
    this.#ports = ports;
  }

  /** What stands in a link in the place of question and cursor. */
  hide(place: QuestionPlace, { parameters, cursor }: HiddenQuestion): string {
    const text = JSON.stringify([parameters, cursor]);
    const seal = this.#ports.vault.organisationSeal(place.organisationId);
    const sealed = seal.seal(packText(text), contextOf(place));
    const inLink = SEALED + Buffer.from(sealed).toString('base64url');
    if (inLink.length <= SEALED_LETTERS_MAX) return inLink;
    const id = this.#keep({ place: contextOf(place), parameters, letters: text.length });
    return `${KEPT}${id}.${cursor}`;
  }

  /** Undefined for what we never wrote, and for what was asked too long ago. */
  find(place: QuestionPlace, hidden: string): HiddenQuestion | undefined {
    return hidden.startsWith(KEPT) ? this.#known(place, hidden) : this.#opened(place, hidden);
  }

  #opened(place: QuestionPlace, hidden: string): HiddenQuestion | undefined {
    const sealed = Buffer.from(hidden.slice(SEALED.length), 'base64url');
    const seal = this.#ports.vault.organisationSeal(place.organisationId);
    const opened = seal.open(sealed, contextOf(place));
    if (!opened.ok) return undefined;
    const [parameters, cursor] = JSON.parse(unpackText(opened.value)) as [Parameters, string];
    return { parameters, cursor };
  }

  #known(place: QuestionPlace, hidden: string): HiddenQuestion | undefined {
    const [id = '', cursor = ''] = hidden.slice(KEPT.length).split('.');
    const known = this.#kept.get(id);
    const isTheirs = known?.place === contextOf(place) && known.untilMs > this.#ports.nowMs();
    return isTheirs ? { parameters: known.parameters, cursor } : undefined;
  }

  /** The same list again, from the page before, is kept once. */
  #keep(question: Omit<Kept, 'untilMs'>): string {
    const nowMs = this.#ports.nowMs();
    const same = ([, { parameters }]: [string, Kept]) => parameters === question.parameters;
    const [id] = [...this.#kept].find(same) ?? [this.#ports.newId()];
    this.#drop(id);
    this.#kept.set(id, { ...question, untilMs: nowMs + KEPT_MS });
    this.#letters += question.letters;
    for (const [oldest, { untilMs }] of this.#kept) {
      if (untilMs > nowMs && this.#letters <= KEPT_LETTERS_MAX) break;
      this.#drop(oldest);
    }
    return id;
  }

  #drop(id: string): void {
    this.#letters -= this.#kept.get(id)?.letters ?? 0;
    this.#kept.delete(id);
  }
}

/** A link is of one organisation, and of one type: elsewhere it does not open. */
function contextOf({ organisationId, type = '' }: QuestionPlace): string {
  return `search/${organisationId}/${type}`;
}
