/**
 * Whether a resource follows a profile. Slices are looked into, which `@medplum/core` does not do. What
 * cannot be checked here, a value set that is not at hand or the profile of what is referred to, is told
 * as information: never passed over.
 */
import { evalFhirPathTyped, toTypedValue } from '@medplum/core';
import type { OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import { codesIn } from './coded.ts';
import {
  type Discriminator,
  type Profile,
  type ProfileBinding,
  type ProfileElement,
  type ProfileNode,
  profileTree,
  type Target,
} from './profile.ts';
import { describedAs, hasPattern, isSame, type Place, valuesAt } from './profile-values.ts';
import { parseReference } from './reference.ts';

export interface ProfileLibrary {
  readonly profile: (url: string) => Profile | undefined;
  /** Of a value set, where they are at hand. */
  readonly codes: (valueSet: string) => ReadonlySet<string> | undefined;
}

/** Without those of base R4, which are to be asked for first. `path` is where the resource stands. */
export function profileIssues(
  library: ProfileLibrary,
  profile: Profile,
  resource: Resource,
  path: string = resource.resourceType,
): OperationOutcomeIssue[] {
  return [...profileIssuesInParts(library, profile, { resource, path })].flat();
}

/** The same, a part at a time: the profiles of what is inside it, each entry of a Bundle, come after it. */
export function* profileIssuesInParts(
  library: ProfileLibrary,
  profile: Profile,
  { resource, path }: { readonly resource: Resource; readonly path: string },
): Generator<readonly OperationOutcomeIssue[]> {
  if (profile.type !== resource.resourceType) {
    const text = `the profile is of ${profile.type}`;
    yield [{ severity: 'error', code: 'invalid', details: { text }, expression: [path] }];
    return;
  }
  const checking = new Checking(library, typesWithin(resource));
  if (profile.isAbstract === true)
    checking.tell('warning', 'informational', path, 'the profile is abstract: name one made of it');
  checking.follow(profile, { value: resource, path, name: path });
  yield checking.take();
  for (const inner of checking.inside) {
    checking.follow(inner.profile, inner.place);
    yield checking.take();
  }
}

/** Of the entries of a Bundle, by the names under which they refer to each other. */
function typesWithin(resource: Resource): ReadonlyMap<string, string> {
  const entries = resource.resourceType === 'Bundle' ? (resource.entry ?? []) : [];
  return new Map(
    entries.flatMap(({ fullUrl, resource: one }) =>
      fullUrl === undefined || one === undefined ? [] : [[fullUrl, one.resourceType] as const],
    ),
  );
}

interface Inside {
  readonly profile: Profile;
  readonly place: Place;
}

/** A profile that names itself inside itself ends here: a Bundle within a Bundle. */
const PROFILES_DEEP_MAX = 8;

class Checking {
  /** Profiles of what is inside the resource, which are followed after it. */
  readonly inside: Inside[] = [];
  #issues: OperationOutcomeIssue[] = [];
  readonly #library: ProfileLibrary;
  readonly #told = new Set<string>();
  #isTrial = false;
  #depth = 0;

  readonly #within: ReadonlyMap<string, string>;

  constructor(library: ProfileLibrary, within: ReadonlyMap<string, string>) {
    this.#library = library;
    this.#within = within;
  }

  follow(profile: Profile, place: Place): void {
    if (this.#depth >= PROFILES_DEEP_MAX) {
      this.#notChecked(place.path, 'what lies so deep');
      return;
    }
    this.#depth += 1;
    this.#node(treeOf(this.#library, profile), place);
    this.#depth -= 1;
  }

  /** What has been told since it was asked last. */
  take(): OperationOutcomeIssue[] {
    const told = this.#issues;
    this.#issues = [];
    return told;
  }

  tell(
    severity: OperationOutcomeIssue['severity'],
    code: OperationOutcomeIssue['code'],
    path: string,
    text: string,
  ): void {
    const key = `${path} ${text}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#issues.push({ severity, code, details: { text }, expression: [path] });
  }

  #node(node: ProfileNode, place: Place): void {
    for (const element of node.elements) this.#value(element, place);
    for (const [name, child] of node.children) this.#children(child, name, place);
  }

  #children(child: ProfileNode, name: string, parent: Place): void {
    const found = valuesAt(parent, name);
    const path = `${parent.path}.${name.replace('[x]', '')}`;
    for (const element of child.elements) {
      this.#count(element, found.length, { path, name: undefined });
      if (element.types !== undefined) this.#types(element.types, found, name);
    }
    for (const one of found) this.#node(child, one);
    this.#slices(child, found, path);
  }

  /** Each value is of the first slice that it fits, so the order of a profile's slices counts. */
  #slices({ slices, elements }: ProfileNode, found: readonly Place[], path: string): void {
    if (slices.size === 0) return;
    const by = elements.flatMap(({ slicedBy = [] }) => slicedBy);
    const members = new Map<ProfileNode, Place[]>();
    for (const one of found) {
      const slice = [...slices.values()].find((each) => this.#fits(each, one, by));
      if (slice !== undefined) members.set(slice, [...(members.get(slice) ?? []), one]);
    }
    for (const [name, slice] of slices) {
      const own = members.get(slice) ?? [];
      for (const element of slice.elements) this.#count(element, own.length, { path, name });
      for (const one of own) this.#node(slice, one);
    }
  }

  #fits(slice: ProfileNode, place: Place, by: readonly Discriminator[]): boolean {
    return by.every(({ kind, path }) => {
      if (kind === 'exists') {
        const { min = 0, max } = slice.children.get(path)?.elements[0] ?? {};
        const isThere = valuesAt(place, path).length > 0;
        return isThere ? max !== 0 : min === 0;
      }
      const at = withoutIndices(path === '$this' ? place.path : `${place.path}.${path}`);
      return !this.#wouldTell(slice, place).some(
        ({ severity, code, expression: [where = ''] = [] }) => {
          const told = withoutIndices(where);
          // A pattern of the whole says what its parts are.
          const isAround = code === 'value' && at.startsWith(`${told}.`);
          return severity === 'error' && (isAround || told === at || told.startsWith(`${at}.`));
        },
      );
    });
  }

  #wouldTell(slice: ProfileNode, place: Place): OperationOutcomeIssue[] {
    const trial = new Checking(this.#library, this.#within);
    trial.#isTrial = true;
    trial.#depth = this.#depth;
    trial.#node(slice, place);
    return trial.take();
  }

  #count(
    { min = 0, max }: ProfileElement,
    count: number,
    { path, name }: { readonly path: string; readonly name: string | undefined },
  ): void {
    const what = name === undefined ? 'it' : `the slice ${name}`;
    if (count < min)
      this.tell('error', 'required', path, `${what} is there ${min} times or more, not ${count}`);
    if (max !== undefined && count > max)
      this.tell('error', 'structure', path, `${what} is there ${max} times at most, not ${count}`);
  }

  #types(types: readonly string[], found: readonly Place[], name: string): void {
    const prefix = name.replace('[x]', '');
    for (const { name: key, path } of found) {
      if (!types.includes(key.slice(prefix.length)))
        this.tell('error', 'structure', path, `its type is one of ${types.join(', ')}`);
    }
  }

  #value(element: ProfileElement, place: Place): void {
    const { value, path } = place;
    // Told by an extension alone: why it is absent.
    if (value === undefined) return;
    const { fixed, pattern, targets, profile, binding, rules = [] } = element;
    if (fixed !== undefined && !isSame(fixed, value))
      this.tell('error', 'value', path, `is ${describedAs(fixed)}`);
    if (pattern !== undefined && !hasPattern(value, pattern))
      this.tell('error', 'value', path, `is or has ${describedAs(pattern)}`);
    // No slice is told by the profile of what is in it.
    if (profile !== undefined && !this.#isTrial) this.#profile(profile, place);
    const isChoice = element.path.endsWith('[x]');
    if (targets !== undefined && !(isChoice && !place.name.endsWith('Reference')))
      this.#reference(targets, place);
    if (binding !== undefined && !(isChoice && !/(Concept|Coding|Code|Quantity)$/.test(place.name)))
      this.#codes(binding, place);
    for (const { key, severity, human, expression } of rules) {
      const typed = place.name.endsWith('DateTime')
        ? { type: 'dateTime', value }
        : toTypedValue(value);
      const [holds] = evalFhirPathTyped(expression, [typed]);
      // Nothing is neither: of a Period, that a dateTime is long enough.
      if (holds?.value === false) this.tell(severity, 'invariant', path, `${key}: ${human}`);
    }
  }

  #profile(url: string, place: Place): void {
    const profile = this.#library.profile(url);
    if (profile === undefined) this.#notChecked(place.path, `whether it follows ${url}`);
    else if (this.#depth === 1) this.inside.push({ profile, place });
    else this.follow(profile, place);
  }

  #reference(targets: readonly Target[], { value, path }: Place): void {
    const { reference = '' } = value as { readonly reference?: string };
    const to = this.#within.get(reference) ?? parseReference(reference)?.type;
    if (to === undefined) {
      this.#notChecked(path, `what it refers to: ${targets.map(({ type }) => type).join(' or ')}`);
      return;
    }
    const fitting = targets.filter(({ type }) => type === to);
    const profiles = fitting.flatMap(({ profile = [] }) => profile);
    if (fitting.length === 0) {
      const types = [...new Set(targets.map(({ type }) => type))];
      this.tell('error', 'value', path, `refers to ${types.join(' or ')}`);
    } else if (profiles.length > 0) {
      this.#notChecked(path, `whether what it refers to follows ${profiles.join(' or ')}`);
    }
  }

  #codes({ strength, valueSet, codes }: ProfileBinding, { value, path }: Place): void {
    const list = codes === undefined ? this.#library.codes(valueSet) : new Set(codes);
    if (list === undefined) {
      this.#notChecked(path, `the code, for the value set ${valueSet} is not at hand`);
      return;
    }
    if (codesIn(value).some((code) => list.has(code))) return;
    const severity = strength === 'required' ? 'error' : 'warning';
    this.tell(severity, 'code-invalid', path, `has a code of ${valueSet}`);
  }

  #notChecked(path: string, what: string): void {
    if (!this.#isTrial)
      this.tell('information', 'informational', withoutIndices(path), `Not checked: ${what}.`);
  }
}

const withoutIndices = (path: string): string => path.replace(/\[\d+\]/g, '');

/** Made once a profile, for as long as its library lives. */
const trees = new WeakMap<ProfileLibrary, Map<string, ProfileNode>>();

function treeOf(library: ProfileLibrary, profile: Profile): ProfileNode {
  const known = trees.get(library) ?? new Map<string, ProfileNode>();
  trees.set(library, known);
  const tree = known.get(profile.url) ?? profileTree(profile, library.profile);
  known.set(profile.url, tree);
  return tree;
}
