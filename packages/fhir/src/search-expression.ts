/**
 * The expressions of the official search parameters, made into functions. They are FHIRPath, of which
 * they use little: paths, unions, `ofType`, and two forms of `where`. That little is compiled; what
 * else there is goes to `@medplum/core` as it stands, and a test holds the two equal.
 */
import {
  AsAtom,
  DotAtom,
  EqualsAtom,
  evalFhirPathTyped,
  FunctionAtom,
  getElementDefinition,
  IsAtom,
  LiteralAtom,
  parseFhirPath,
  SymbolAtom,
  type TypedValue,
  toTypedValue,
  UnionAtom,
} from '@medplum/core';
import type { Reference } from '@medplum/fhirtypes';
import { referencedType } from './reference.ts';

/** Something of the resource with its FHIR type; `resource` is what `%resource` stands for. */
export type Evaluate = (input: TypedValue, resource: TypedValue) => TypedValue[];

type Atom = ReturnType<typeof parseFhirPath>['child'];
type Emit = (value: unknown, type: string) => void;
type Walk = (value: unknown, type: string, emit: Emit) => void;

/** A walk from something of type `from`, and the types that it can come to. */
interface Path {
  readonly walk: Walk;
  readonly to: readonly string[];
  /** The same path to one of these types alone: it need not look at the names of the others. */
  readonly narrow?: (type: string) => Path;
}

/** Of a resource type, or for parts of a composite parameter of the type that its elements have. */
export function compileExpression(from: string, expression: string): Evaluate {
  // R4 writes one type with a capital that it does not have.
  const text = expression.replaceAll('ofType(DateTime)', 'ofType(dateTime)');
  const { child } = parseFhirPath(text);
  const parts = partsOf(child).filter((part) => isAbout(from, part));
  const paths = parts.map((part) => pathOf(part, from));
  if (paths.every((path) => path !== undefined)) return walking(paths);
  return evaluateByLibrary(from, expression);
}

/** The same by the library alone, four times slower: the measure of what is compiled. */
export function evaluateByLibrary(from: string, expression: string): Evaluate {
  const parts = expression.replaceAll('ofType(DateTime)', 'ofType(dateTime)').split('|');
  const own = parts.filter((part) => new RegExp(`^[ (]*(${from}|Resource|[a-z%])`).test(part));
  // The library takes no "Resource" for the name of any.
  const parsed = parseFhirPath(own.join('|').replace(/\bResource\./g, `${from}.`));
  return (input, resource) => evalFhirPathTyped(parsed, [input], { '%resource': resource });
}

function walking(paths: readonly Path[]): Evaluate {
  return ({ value, type }) => {
    const found: TypedValue[] = [];
    const emit: Emit = (one, of) => found.push({ value: one, type: of });
    for (const { walk } of paths) walk(value, type, emit);
    return found;
  };
}

/** "Patient.name | Practitioner.name" is asked of each type by its own part. */
function partsOf(atom: Atom): Atom[] {
  return atom instanceof UnionAtom ? [...partsOf(atom.left), ...partsOf(atom.right)] : [atom];
}

/** Whether a part begins at this type, at any resource, or at no type at all. */
function isAbout(type: string, part: Atom): boolean {
  const [root = ''] = /^[A-Za-z]+/.exec(part.toString().replace(/^[( ]+/, '')) ?? [];
  return root === type || isAnyResource(root) || !/^[A-Z]/.test(root);
}

function isAnyResource(root: string): boolean {
  return root === 'Resource' || root === 'DomainResource';
}

const STAY: Walk = (value, type, emit) => emit(value, type);

function pathOf(atom: Atom, from: string): Path | undefined {
  if (atom instanceof SymbolAtom) {
    if (atom.name === from || isAnyResource(atom.name)) return { walk: STAY, to: [from] };
    return propertyOf(atom.name, [from]);
  }
  if (atom instanceof AsAtom) return narrowed(pathOf(atom.left, from), atom.right);
  if (!(atom instanceof DotAtom)) return undefined;
  const left = pathOf(atom.left, from);
  if (left === undefined) return undefined;
  const { right } = atom;
  if (right instanceof FunctionAtom && (right.name === 'ofType' || right.name === 'as')) {
    return narrowed(left, right.args[0]);
  }
  const next = nextOf(right, left.to);
  return next && joined(left, next);
}

function nextOf(atom: Atom, from: readonly string[]): Path | undefined {
  if (atom instanceof SymbolAtom) return propertyOf(atom.name, from);
  if (!(atom instanceof FunctionAtom) || atom.name !== 'where') return undefined;
  return conditionOf(atom.args[0], from);
}

function joined(left: Path, right: Path): Path {
  if (left.walk === STAY) return right;
  const walk: Walk = (value, type, emit) => {
    left.walk(value, type, (inner, of) => right.walk(inner, of, emit));
  };
  const { narrow } = right;
  return { walk, to: right.to, ...(narrow && { narrow: (type) => joined(left, narrow(type)) }) };
}

/** The names that a property has in JSON, each with its type: value[x] is valueQuantity and others. */
function propertyOf(name: string, from: readonly string[]): Path | undefined {
  const byType = new Map<string, [key: string, type: string][]>();
  for (const parent of from) {
    const element = getElementDefinition(parent, name);
    if (element === undefined) return undefined;
    const isChoice = element.path.endsWith('[x]');
    const keys = element.type.map(({ code }): [string, string] => [
      isChoice ? name + code.charAt(0).toUpperCase() + code.slice(1) : name,
      code,
    ]);
    // A property of several types that is no choice would be a resource of any type.
    if (keys.length !== 1 && !isChoice) return undefined;
    byType.set(parent, keys);
  }
  return propertyPath(byType);
}

function propertyPath(byType: ReadonlyMap<string, readonly [key: string, type: string][]>): Path {
  const walk: Walk = (value, type, emit) => {
    for (const [key, of] of byType.get(type) ?? []) {
      const held = (value as Readonly<Record<string, unknown>>)[key];
      if (Array.isArray(held)) for (const one of held) emitPresent(one, of, emit);
      else emitPresent(held, of, emit);
    }
  };
  const narrow = (wanted: string) =>
    propertyPath(
      new Map([...byType].map(([type, keys]) => [type, keys.filter(([, of]) => of === wanted)])),
    );
  return { walk, to: [...byType.values()].flat().map(([, type]) => type), narrow };
}

function emitPresent(value: unknown, type: string, emit: Emit): void {
  if (value !== undefined && value !== null) emit(value, type);
}

function narrowed(path: Path | undefined, type: Atom | undefined): Path | undefined {
  if (path === undefined || type === undefined) return undefined;
  return path.narrow?.(type.toString());
}

/** `where(resolve() is Patient)` and `where(system = 'phone')`. */
function conditionOf(condition: Atom | undefined, from: readonly string[]): Path | undefined {
  const isMet = testOf(condition);
  if (isMet === undefined) return undefined;
  const walk: Walk = (value, type, emit) => {
    if (isMet(value)) emit(value, type);
  };
  return { walk, to: from };
}

function testOf(condition: Atom | undefined): ((value: unknown) => boolean) | undefined {
  if (condition instanceof IsAtom && condition.left.toString() === 'resolve()') {
    const type = condition.right.toString();
    return (value) => referencedType(value as Reference) === type;
  }
  if (condition instanceof EqualsAtom && condition.left instanceof SymbolAtom) {
    const { left, right } = condition;
    if (!(right instanceof LiteralAtom)) return undefined;
    const wanted: unknown = right.value.value;
    return (value) => (value as Readonly<Record<string, unknown>>)[left.name] === wanted;
  }
  return undefined;
}

export function typedResource(resource: object): TypedValue {
  return toTypedValue(resource);
}
