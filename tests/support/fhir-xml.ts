// FHIR's XML as its JSON, as far as the examples of the point-of-care guide go: HL7 publishes them in
// XML alone, and the platform itself speaks JSON.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getElementDefinition } from '@medplum/core';
import type { Resource } from '@medplum/fhirtypes';
import { type Example, r4 } from './fhir.ts';

interface Element {
  readonly name: string;
  readonly value: string | undefined;
  readonly children: readonly Element[];
}

/** Every resource that is written as XML. */
export function xmlExamplesIn(directory: string): Example[] {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  return files
    .filter((file) => file.endsWith('.xml'))
    .map((file) => ({ file, resource: fromXml(readFileSync(join(directory, file), 'utf8')) }));
}

export function fromXml(text: string): Resource {
  const [root] = parse(text);
  if (root === undefined) throw new Error('no element');
  r4().prepare([root.name]);
  return { resourceType: root.name, ...objectOf(root, root.name) } as Resource;
}

const TAG = /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<(\/?)([A-Za-z]+)((?:\s+[\w:]+="[^"]*")*)\s*(\/?)>/g;

function parse(text: string): Element[] {
  const top: Element[] = [];
  const open: { name: string; children: Element[] }[] = [{ name: '', children: top }];
  for (const [, end, name, attributes = '', isEmpty] of text.matchAll(TAG)) {
    if (name === undefined) continue;
    // A narrative is XHTML, which has no value of its own here.
    if (end) {
      open.pop();
      continue;
    }
    const value = /\svalue="([^"]*)"/.exec(attributes)?.[1];
    const url = /\surl="([^"]*)"/.exec(attributes)?.[1];
    const children: Element[] =
      url === undefined ? [] : [{ name: 'url', value: url, children: [] }];
    open.at(-1)?.children.push({ name, value, children });
    if (!isEmpty) open.push({ name, children });
  }
  return top;
}

function objectOf({ children }: Element, type: string): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const child of children) {
    const definition = getElementDefinition(type, child.name);
    if (definition === undefined) continue;
    const value = valueIn(child, typeOf(child.name, definition));
    const list = made[child.name];
    if (!definition.isArray) made[child.name] = value;
    else if (Array.isArray(list)) list.push(value);
    else made[child.name] = [value];
  }
  return made;
}

type Definition = NonNullable<ReturnType<typeof getElementDefinition>>;

/** "valueQuantity" says its type in its name. */
function typeOf(name: string, { path, type }: Definition): string {
  const stem = path.split('.').at(-1)?.replace('[x]', '') ?? '';
  const named = type.find(({ code }) => name.toLowerCase() === `${stem}${code}`.toLowerCase());
  return (named ?? type[0])?.code ?? '';
}

function valueIn(element: Element, type: string): unknown {
  const { value } = element;
  if (value === undefined) return objectOf(element, type);
  if (['decimal', 'integer', 'positiveInt', 'unsignedInt'].includes(type)) return Number(value);
  return type === 'boolean' ? value === 'true' : value;
}
