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
  const byType = new Map<string, readonly Finder[]>();
  return (resource) => {
    const type = resource.resourceType;
    let finders = byType.get(type);
    if (finders === undefined) {
      definitions.prepare([type]);
      const parameters = definitions.searchParameters.get(type) ?? new Map();
      finders = [...parameters.values()].map((one) => finderOf(type, one, definitions, compile));
      byType.set(type, finders);
    }
    const typed = typedResource(resource);
    const rows: SearchRow[] = [];
    for (const { parameter, find } of finders) {
      for (const value of distinct(find(typed))) rows.push({ parameter, value });
    }
    return rows;
  };
}

interface Finder {
  readonly parameter: string;
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
  if (parameter.type !== 'composite') {
    const find = (resource: TypedValue) =>
      evaluate(resource, resource).flatMap((one) => searchValuesOf(parameter.type, one));
    return { parameter: code, find };
  }
  const parts = partsOf(parameter, definitions, compile);
  const find = (resource: TypedValue) =>
    evaluate(resource, resource).flatMap((one) =>
      combinations(parts.map((part) => part(one, resource))).map(
        (values): SearchValue => ({ kind: 'composite', parts: values }),
      ),
    );
  return { parameter: code, find };
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
