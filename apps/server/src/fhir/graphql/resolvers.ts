/**
 * What the fields of a GraphQL question are answered with: by the same reads and searches as by REST, of
 * the caller's organisation. Each part of a resource is told with the whole that it is of.
 */
import { numberText, parsePrecise, rawNumber } from '@ausculta/fhir/precise-json';
import { parseReference, referenceHere } from '@ausculta/fhir/reference';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { OperationOutcomeIssue } from '@medplum/fhirtypes';
import { GraphQLError } from 'graphql';
import type { Answer, Refusal } from '../answer.ts';
import type { FhirDocument } from '../document.ts';
import { foundBy, issuesOf, type SearchPorts } from '../search-answer.ts';
import type { FoundDocument } from '../search-session.ts';
import type { QuestionBudget } from './budget.ts';

type Json = Readonly<Record<string, unknown>>;

export interface Told {
  readonly part: Json;
  /** The resource that it is of, whose contained resources its references may mean. */
  readonly whole: Json;
}

export interface FoundPage {
  readonly matches: readonly FoundDocument[];
  readonly next: string | undefined;
}

/** Of one question. */
export interface Context {
  readonly organisationId: OrganisationId;
  readonly baseUrl: string;
  readonly budget: QuestionBudget;
  /** What the reader must know about the answer. */
  readonly issues: OperationOutcomeIssue[];
  readonly known: Map<string, Promise<Told>>;
  /** Told of whom the answer is. */
  readonly note: (subjectIds: readonly string[]) => void;
}

interface ListAsked {
  readonly type: string;
  readonly parameters: readonly (readonly [string, string])[];
  readonly about: { readonly told: Told; readonly by: string } | undefined;
}

interface ValuesAsked {
  readonly told: Told;
  readonly property: string;
  readonly given: Json;
}

export const typeOf = ({ part }: Told): string => String(part.resourceType);

export class Resolvers {
  readonly #ports: SearchPorts;

  constructor(ports: SearchPorts) {
    this.#ports = ports;
  }

  /** The resource that a question is about. */
  async root(context: Context, name: { type: string; id: string }): Promise<Answer<Told>> {
    const read = await this.#ports.repository.read(context.organisationId, name);
    if (!read.ok) return read;
    context.note(read.value.subjectIds);
    return { ok: true, value: toldOf(context.budget, read.value) };
  }

  /** Read once, however often the question comes to it. */
  async read(context: Context, name: { type: string; id: string }): Promise<Told> {
    const key = `${name.type}/${name.id}`;
    const known = context.known.get(key) ?? this.#read(context, name);
    context.known.set(key, known);
    return await known;
  }

  async #read({ organisationId, budget, note }: Context, name: { type: string; id: string }) {
    budget.read();
    if (budget.isSpent) throw SPENT;
    const read = await this.#ports.repository.read(organisationId, name);
    if (!read.ok) throw errorOf(read.refusal);
    note(read.value.subjectIds);
    return toldOf(budget, read.value);
  }

  async list(context: Context, asked: ListAsked): Promise<unknown[]> {
    return this.matches(context, await this.page(context, asked));
  }

  async page(context: Context, { type, parameters, about }: ListAsked): Promise<FoundPage> {
    const { organisationId, baseUrl, budget, issues, note } = context;
    const own = about && ([about.by, `${typeOf(about.told)}/${about.told.part.id}`] as const);
    const asked = {
      ...{ organisationId, type, baseUrl, isStrict: true, note },
      parameters: own === undefined ? parameters : [own, ...parameters],
    };
    const found = await budget.search(() => foundBy(this.#ports, asked));
    if (found === undefined) throw SPENT;
    if (!found.ok) throw errorOf(found.refusal);
    const { page, query } = found.value;
    issues.push(...issuesOf(query, page));
    return page;
  }

  matches({ budget }: Context, { matches }: FoundPage): unknown[] {
    return budget.slices(matches, (one) => toldOf(budget, one));
  }

  value({ budget }: Context, told: Told, property: string): unknown {
    budget.field();
    return budget.isSpent ? undefined : this.#tell(budget, told, { holder: told.part, property });
  }

  values({ budget }: Context, { told, property, given }: ValuesAsked): unknown {
    budget.field();
    const all = told.part[property];
    if (!Array.isArray(all) || budget.isSpent) return undefined;
    const { _offset = 0, _count = all.length, ...wanted } = given;
    const names = Object.entries(wanted);
    // Looked through from end to end, as often as it is asked for.
    if (names.length > 0) budget.walk(all.length);
    if (budget.isSpent) return undefined;
    const fits = (one: Json | null): boolean =>
      names.every(([name, value]) => String(one?.[name]) === value);
    const from = Math.max(0, Number(_offset));
    const until = from + Math.max(0, Number(_count));
    const asked =
      names.length === 0
        ? placesBetween(from, Math.min(until, all.length))
        : placesOf(all, fits).slice(from, until);
    return budget.slices(asked, (at) =>
      this.#tell(budget, told, { holder: all, property: String(at), name: property }),
    );
  }

  /** `name` of a list, whose items have none. */
  #tell(
    budget: QuestionBudget,
    { whole }: Told,
    at: { readonly holder: object; readonly property: string; readonly name?: string },
  ): unknown {
    const { holder, property, name = property } = at;
    const value = (holder as Json)[property];
    if (typeof value === 'string') budget.text(value);
    if (typeof value === 'number') {
      const text = numberText(holder, property);
      return text === undefined ? value : rawNumber(text);
    }
    if (typeof value !== 'object' || value === null) return value;
    const part = value as Json;
    const isOwn = part.resourceType !== undefined && name !== 'contained';
    return { part, whole: isOwn ? part : whole };
  }

  async referenced(context: Context, told: Told, given: Json): Promise<Told | null> {
    const { optional, type } = given;
    try {
      const found = await this.#referenced(context, told);
      return type === undefined || typeOf(found) === type ? found : null;
    } catch (error) {
      if (optional === true && error instanceof GraphQLError) return null;
      throw error;
    }
  }

  async #referenced(context: Context, { part, whole }: Told): Promise<Told> {
    const text = String(part.reference ?? '');
    if (text.startsWith('#')) {
      const contained = (whole.contained ?? []) as Json[];
      const one = contained.find(({ id }) => id === text.slice(1));
      if (one === undefined) throw NOWHERE;
      return { part: one, whole };
    }
    const to = parseReference(referenceHere(text, context.baseUrl) ?? text);
    if (to === undefined || to.base !== undefined) throw NOWHERE;
    return await this.read(context, to);
  }
}

function toldOf(budget: QuestionBudget, { text = '{}' }: Pick<FhirDocument, 'text'>): Told {
  budget.text(text);
  const part = parsePrecise(text).value as Json;
  return { part, whole: part };
}

/** Text of an issue holds neither value nor name. */
function errorOf({ issues }: Refusal): GraphQLError {
  const [first] = issues;
  const message = first?.details?.text ?? first?.diagnostics ?? 'It cannot be told.';
  return new GraphQLError(message, { extensions: { issue: issues } });
}

const NOWHERE = new GraphQLError('The reference leads to no resource here.');
const SPENT = new GraphQLError('The question costs too much.');

function placesBetween(from: number, until: number): number[] {
  return Array.from({ length: Math.max(0, until - from) }, (_, index) => from + index);
}

function placesOf(all: readonly Json[], fits: (one: Json) => boolean): number[] {
  return all.flatMap((one, at) => (fits(one) ? [at] : []));
}
