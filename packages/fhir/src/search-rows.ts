import type { TypedValue } from '@medplum/core';
import type { Resource, SearchParameter } from '@medplum/fhirtypes';
import type { Definitions } from './definitions.ts';
import { searchValuesOf } from './search-conversion.ts';
import { compileExpression, type Evaluate, typedResource } from './search-expression.ts';
import type { SearchValue } from './search-value.ts';

/** What one search parameter finds in a resource. */
export interface SearchRow {
  /** The parameter's name, such as "combo-code". */
  readonly parameter: string;
  readonly value: SearchValue;
}

type Compile = (from: string, expression: string) => Evaluate;

/**
 * Finds the index rows of resources by the official search parameters. A type's parameters are
 * compiled when its first resource comes.
 */
export function searchIndexer(
  definitions: Definitions,
  compile: Compile = compileExpression,
): (resource: Resource) => SearchRow[] {
  const findersOf = remembered((type) => [...compiled(type, definitions, compile)]);
  return (resource) => rowsBy(findersOf(resource.resourceType), resource);
}

/**
 * The same, an element of the resource at a time: what they find together is what is found in the
 * whole, for no parameter looks at two elements at once but composites, which are not asked here.
 */
export function elementIndexer(
  definitions: Definitions,
  isAsked: (type: string, parameter: SearchParameter) => boolean,
): (type: string, element: string, value: unknown) => SearchRow[] {
  const ofType = remembered((type) => {
    const wanted = (one: SearchParameter) => one.type !== 'composite' && isAsked(type, one);
    const finders = [...compiled(type, definitions, compileExpression, wanted)];
    return remembered((element) => finders.filter(({ roots }) => isRoot(roots, element)));
  });
  return (type, element, value) => {
    const finders = ofType(type)(element);
    if (finders.length === 0) return [];
    return rowsBy(finders, { resourceType: type, [element]: value });
  };
}

function remembered<T>(make: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    let one = known.get(name);
    if (one === undefined) {
      one = make(name);
      known.set(name, one);
    }
    return one;
  };
}

function* compiled(
  type: string,
  definitions: Definitions,
  compile: Compile,
  isWanted: (parameter: SearchParameter) => boolean = () => true,
): Generator<Finder> {
  definitions.prepare([type]);
  for (const parameter of definitions.searchParameters.get(type)?.values() ?? []) {
    if (isWanted(parameter)) yield finderOf(type, parameter, definitions, compile);
  }
}

function rowsBy(finders: readonly Finder[], resource: object): SearchRow[] {
  const typed = typedResource(resource);
  const rows: SearchRow[] = [];
  for (const { parameter, find } of finders) {
    for (const value of distinct(find(typed))) rows.push({ parameter, value });
  }
  return rows;
}

/** `Observation.effective` reads effectiveDateTime and effectivePeriod too. */
function isRoot(roots: readonly string[], element: string): boolean {
  return roots.some(
    (root) =>
      element === root || (element.startsWith(root) && /^[A-Z]/.test(element.slice(root.length))),
  );
}

interface Finder {
  readonly parameter: string;
  /** The elements of the resource that it looks into, `value` for `value[x]`. */
  readonly roots: readonly string[];
  readonly find: (resource: TypedValue) => SearchValue[];
}

function finderOf(
  type: string,
  parameter: SearchParameter,
  definitions: Definitions,
  compile: Compile,
): Finder {
  const { code, expression = '' } = parameter;
  const evaluate = compile(type, expression);
  const roots = [...expression.matchAll(/\b[A-Z]\w*\.(\w+)/g)].map(([, root = '']) => root);
  if (parameter.type !== 'composite') {
    const find = (resource: TypedValue) =>
      evaluate(resource, resource).flatMap((one) => searchValuesOf(parameter.type, one));
    return { parameter: code, roots, find };
  }
  const parts = partsOf(parameter, definitions, compile);
  const find = (resource: TypedValue) =>
    evaluate(resource, resource).flatMap((one) =>
      combinations(parts.map((part) => part(one, resource))).map(
        (values): SearchValue => ({ kind: 'composite', parts: values }),
      ),
    );
  return { parameter: code, roots, find };
}

type Part = (element: TypedValue, resource: TypedValue) => SearchValue[];

/** An element's type is known when it is met, so its expressions are compiled then. */
function partsOf(
  { component = [] }: SearchParameter,
  definitions: Definitions,
  compile: Compile,
): Part[] {
  return component.map(({ definition, expression = '' }) => {
    const type = definitions.searchParametersByUrl.get(definition ?? '')?.type ?? 'special';
    const byType = new Map<string, Evaluate>();
    return (element, resource) => {
      const evaluate = byType.get(element.type) ?? compile(element.type, expression);
      byType.set(element.type, evaluate);
      const values = evaluate(element, resource).flatMap((one) => searchValuesOf(type, one));
      // The words beside a code are asked for by `:text`, which composites do not take.
      return values.filter(({ kind }) => kind !== 'words');
    };
  });
}

function combinations(lists: readonly (readonly SearchValue[])[]): SearchValue[][] {
  return lists.reduce<SearchValue[][]>(
    (made, list) => made.flatMap((before) => list.map((value) => [...before, value])),
    [[]],
  );
}

/** Unions and displays meet the same value twice: a code of an Observation is its "combo-code" once. */
function distinct(values: SearchValue[]): SearchValue[] {
  if (values.length < 2) return values;
  return [...new Map(values.map((value) => [keyOf(value), value])).values()];
}

/** Equal for equal values of one parameter, and no others; JSON would take three times as long. */
function keyOf(value: SearchValue): string {
  switch (value.kind) {
    case 'token':
      return value.types === undefined ? `${value.system}|${value.code}` : JSON.stringify(value);
    case 'words':
      return ` ${value.normal}`;
    case 'date':
    case 'number':
      return `${value.low},${value.high}`;
    case 'quantity':
      return `${value.low},${value.high},${value.system}|${value.code}|${value.unit}`;
    case 'string':
      return value.text;
    case 'uri':
      return value.uri;
    case 'composite':
      return value.parts.map(keyOf).join('$');
    case 'reference':
      return JSON.stringify(value);
    default:
      return value satisfies never;
  }
}
