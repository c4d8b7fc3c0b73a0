/**
 * The schema of one question: the types and fields of FHIR R4 that it names, and nothing else. One of all
 * types takes seconds to make, and alarms would wait; that of a question takes some milliseconds. What FHIR
 * does not define is not in it, so that GraphQL itself tells what is wrong.
 */
import type { Definitions } from '@ausculta/fhir/definitions';
import { type InternalSchemaElement, tryGetDataType } from '@medplum/core';
import {
  GraphQLBoolean,
  GraphQLEnumType,
  type GraphQLFieldConfig,
  type GraphQLFieldConfigArgumentMap,
  GraphQLID,
  GraphQLInt,
  GraphQLInterfaceType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
} from 'graphql';
import { isKept } from '../allowed.ts';
import type { Question } from './question.ts';
import { type Context, type FoundPage, type Resolvers, type Told, typeOf } from './resolvers.ts';

type Field = GraphQLFieldConfig<Told, Context>;
type Fields = Record<string, Field>;

/** `root` is the type of the resource that is asked; undefined where all are. */
export function schemaOf(
  question: Question,
  root: string | undefined,
  known: { readonly definitions: Definitions; readonly resolvers: Resolvers },
): GraphQLSchema {
  const types = new Set([...question.types, root ?? '']);
  const making = new Making({ ...question, types }, known);
  const query = root === undefined ? making.system() : making.resource(root);
  // What the question does not name is missing: types may have no fields at all.
  return new GraphQLSchema({ query, types: making.resources(), assumeValid: true });
}

/** Digits as they were sent: a number forgets that 37.0 was measured in tenths. */
const DECIMAL = new GraphQLScalarType({ name: 'decimal', serialize: (value) => value });

const SCALARS: Readonly<Record<string, GraphQLScalarType>> = {
  boolean: GraphQLBoolean,
  integer: GraphQLInt,
  positiveInt: GraphQLInt,
  unsignedInt: GraphQLInt,
  decimal: DECIMAL,
};

/** What every resource has, whatever it is. */
const OF_ANY: Readonly<Record<string, string>> = {
  ...{ id: 'id', language: 'code', implicitRules: 'uri', meta: 'Meta' },
};

/** Of a list, beside its search parameters. */
const CONTROLS = ['_sort', '_cursor'];

class Making {
  readonly #question: Question;
  readonly #definitions: Definitions;
  readonly #resolvers: Resolvers;
  readonly #types = new Map<string, GraphQLObjectType<Told, Context>>();
  readonly #pages = new Map<string, GraphQLObjectType<FoundPage, Context>>();
  readonly #references = new Map<string, GraphQLEnumType>();
  /** Whatever a reference leads to. */
  readonly #anything = new GraphQLInterfaceType({
    name: 'Resource',
    fields: () => this.#fieldsOfAny(),
    resolveType: (told: Told) => typeOf(told),
  });

  constructor(
    question: Question,
    {
      definitions,
      resolvers,
    }: { readonly definitions: Definitions; readonly resolvers: Resolvers },
  ) {
    this.#question = question;
    this.#definitions = definitions;
    this.#resolvers = resolvers;
  }

  /** Every type, where a question may meet any. */
  resources(): GraphQLObjectType<Told, Context>[] {
    if (!this.#isNamed('resource') && !this.#isNamed('contained')) return [];
    return [...this.#definitions.resourceTypes].map((type) => this.resource(type));
  }

  resource(name: string): GraphQLObjectType<Told, Context> {
    const isAsked = this.#question.types.has(name);
    return this.#object(name, [this.#anything], () => ({
      ...this.#fieldsOfAny(),
      // Only what is asked of by name is looked into: learning a type takes 3 ms.
      ...(isAsked && { ...this.#fieldsOf(name), ...this.#lists({ isAbout: true }) }),
    }));
  }

  system(): GraphQLObjectType<Told, Context> {
    return this.#object('Query', [], () => {
      const fields: Fields = this.#lists({ isAbout: false });
      for (const type of this.#question.fields)
        if (this.#isKept(type)) fields[type] = this.#reading(type);
      return fields;
    });
  }

  #reading(type: string): Field {
    return {
      type: this.resource(type),
      args: { id: { type: new GraphQLNonNull(GraphQLID) } },
      resolve: (_, { id }, context) => this.#resolvers.read(context, { type, id: String(id) }),
    };
  }

  /** `isAbout`: of what refers to a resource, by the search parameter that `_reference` names. */
  #lists({ isAbout }: { readonly isAbout: boolean }): Fields {
    const fields: Fields = {};
    for (const name of this.#question.fields) {
      const [, type = '', kind] = /^([A-Z]\w+?)(List|Connection)$/.exec(name) ?? [];
      if (!this.#isKept(type)) continue;
      const args = this.#searchArguments(type);
      if (isAbout) args._reference = { type: new GraphQLNonNull(this.#referenceOf(type)) };
      const asked = (told: Told, given: Readonly<Record<string, unknown>>) => ({
        ...{ type, parameters: parametersIn(given) },
        about: isAbout ? { told, by: parameterOf(String(given._reference)) } : undefined,
      });
      fields[name] =
        kind === 'List'
          ? {
              ...{ type: new GraphQLList(this.resource(type)), args },
              resolve: (told, given, context) => this.#resolvers.list(context, asked(told, given)),
            }
          : {
              ...{ type: this.#page(type), args },
              resolve: (told, given, context) => this.#resolvers.page(context, asked(told, given)),
            };
    }
    return fields;
  }

  #searchArguments(type: string): GraphQLFieldConfigArgumentMap {
    const args: GraphQLFieldConfigArgumentMap = {};
    const known = this.#definitions.searchParameters.get(type);
    for (const name of this.#question.parameters) {
      if (name === '_count') args[name] = { type: GraphQLInt };
      else if (CONTROLS.includes(name) || known?.has(parameterOf(name)) === true)
        args[name] = { type: GraphQLString };
    }
    return args;
  }

  #referenceOf(type: string): GraphQLEnumType {
    const known = this.#references.get(type);
    if (known !== undefined) return known;
    const parameters = [...(this.#definitions.searchParameters.get(type)?.values() ?? [])];
    const names = parameters.filter(({ type: kind }) => kind === 'reference');
    const values = names.map(({ code = '' }) => [code.replaceAll('-', '_'), {}] as const);
    const name = `${type}Reference`;
    const made = new GraphQLEnumType({ name, values: Object.fromEntries(values) });
    this.#references.set(type, made);
    return made;
  }

  /** A list with where its next page begins. */
  #page(type: string): GraphQLObjectType<FoundPage, Context> {
    const known = this.#pages.get(type);
    if (known !== undefined) return known;
    const edge = this.#object(`${type}Edge`, [], () => ({
      mode: { type: GraphQLString, resolve: () => 'match' },
      resource: { type: this.resource(type), resolve: (told) => told },
    }));
    const made = new GraphQLObjectType<FoundPage, Context>({
      name: `${type}Connection`,
      fields: {
        next: { type: GraphQLID, resolve: ({ next }) => next },
        pagesize: { type: GraphQLInt, resolve: ({ matches }) => matches.length },
        edges: {
          type: new GraphQLList(edge),
          resolve: (page, _, context) => this.#resolvers.matches(context, page),
        },
      },
    });
    this.#pages.set(type, made);
    return made;
  }

  #object(
    name: string,
    interfaces: GraphQLInterfaceType[],
    fields: () => Fields,
  ): GraphQLObjectType<Told, Context> {
    const known = this.#types.get(name);
    if (known !== undefined) return known;
    const made = new GraphQLObjectType<Told, Context>({ name, interfaces, fields });
    this.#types.set(name, made);
    return made;
  }

  #fieldsOfAny(): Fields {
    const resourceType: Field = { type: GraphQLString, resolve: typeOf };
    const fields: Fields = this.#isNamed('resourceType') ? { resourceType } : {};
    for (const [name, code] of Object.entries(OF_ANY))
      if (this.#isNamed(name)) fields[name] = this.#element(name, code, false);
    return fields;
  }

  /** Those that the question names. */
  #fieldsOf(name: string): Fields {
    const fields: Fields = {};
    this.#definitions.prepare([name]);
    for (const [path, element] of Object.entries(elementsOf(name))) {
      const isArray = element.isArray === true;
      for (const { property, code } of propertiesOf(path, element)) {
        if (this.#isNamed(property)) fields[property] = this.#element(property, code, isArray);
        const beside = `_${property}`;
        if (this.#isNamed(beside) && isPrimitive(code))
          fields[beside] = this.#element(beside, 'Element', isArray);
      }
    }
    if (name === 'Reference' && this.#isNamed('resource')) fields.resource = this.#referenced();
    return fields;
  }

  #element(property: string, code: string, isArray: boolean): Field {
    const type = this.#typeOf(property, code);
    if (!isArray)
      return {
        type,
        resolve: (told, _, context) => this.#resolvers.value(context, told, property),
      };
    const args: GraphQLFieldConfigArgumentMap = {};
    for (const name of this.#question.parameters) {
      if (name === '_count' || name === '_offset') args[name] = { type: GraphQLInt };
      else if (!isPrimitive(code) && isPrimitive(elementsOf(code)[name]?.type[0]?.code))
        args[name] = { type: GraphQLString };
    }
    return {
      ...{ type: new GraphQLList(type), args },
      resolve: (told, given, context) => this.#resolvers.values(context, { told, property, given }),
    };
  }

  #typeOf(property: string, code: string): GraphQLOutputType {
    if (property === 'id') return GraphQLID;
    if (isPrimitive(code)) return SCALARS[code] ?? GraphQLString;
    if (code === 'Resource') return this.#anything;
    return this.#object(code, [], () => this.#fieldsOf(code));
  }

  #referenced(): Field {
    return {
      type: this.#anything,
      args: { optional: { type: GraphQLBoolean }, type: { type: GraphQLString } },
      resolve: (told, given, context) => this.#resolvers.referenced(context, told, given),
    };
  }

  readonly #isNamed = (name: string): boolean => this.#question.fields.has(name);

  readonly #isKept = (type: string): boolean => isKept(type, this.#definitions.resourceTypes);
}

const elementsOf = (type: string): Readonly<Record<string, InternalSchemaElement>> =>
  tryGetDataType(type)?.elements ?? {};

/** A choice has a property for each of its types. */
function propertiesOf(path: string, { type }: InternalSchemaElement) {
  if (!path.endsWith('[x]')) return [{ property: path, code: type[0]?.code ?? 'string' }];
  return type.map(({ code }) => {
    const property = `${path.slice(0, -3)}${code.charAt(0).toUpperCase()}${code.slice(1)}`;
    return { property, code };
  });
}

const isPrimitive = (code: string | undefined): boolean =>
  code !== undefined && /^[a-z]/.test(code);

/** GraphQL knows no dashes. */
const parameterOf = (name: string): string =>
  name.startsWith('_') ? name : name.replaceAll('_', '-');

function parametersIn(given: Readonly<Record<string, unknown>>): (readonly [string, string])[] {
  return Object.entries(given)
    .filter(([name, value]) => name !== '_reference' && value !== null)
    .map(([name, value]) => [parameterOf(name), String(value)] as const);
}
