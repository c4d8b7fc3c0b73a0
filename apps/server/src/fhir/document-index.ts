/**
 * The rows of a document's index, made an element at a time. What one sender writes of one patient says
 * the same again and again in its codes, its categories and its references; only times, amounts and
 * names differ. Each is looked into once.
 */
import type { Resource } from '@medplum/fhirtypes';
import { type IndexEntries, indexEntries } from './index-entries.ts';
import type { Knowledge } from './knowledge.ts';
import { PATIENT } from './patients.ts';
import type { Hash } from './search-hash.ts';

export type EntriesOf = (resource: Resource) => IndexEntries;

const REMEMBERED_MAX = 20_000;
const REMEMBERED_LENGTH_MAX = 1_000;

/** Another one in every resource, or in most. */
const OWN = /^(value|component|identifier|name|telecom|address|text|contained|note|entry)/;

/** Words come again; times and numbers hardly do. */
function isShared(element: string, value: unknown): boolean {
  if (typeof value === 'string') return !/\d/.test(value);
  return typeof value === 'object' && value !== null && !OWN.test(element);
}

export function documentIndex({ rowsOf, rowsOfElement }: Knowledge, hash: Hash): EntriesOf {
  const remembered = new Map<string, IndexEntries>();
  const entriesOf = (type: string, element: string, value: unknown): IndexEntries =>
    indexEntries(type, rowsOfElement(type, element, value), hash);

  function known(type: string, element: string, value: unknown): IndexEntries {
    const text = JSON.stringify(value);
    if (text.length > REMEMBERED_LENGTH_MAX) return entriesOf(type, element, value);
    const key = `${type}.${element} ${text}`;
    let entries = remembered.get(key);
    if (entries === undefined) {
      entries = entriesOf(type, element, value);
      if (remembered.size >= REMEMBERED_MAX) remembered.clear();
      remembered.set(key, entries);
    }
    return entries;
  }

  return (resource) => {
    const { resourceType: type, meta, ...elements } = resource;
    // A parameter of theirs is true or false of every one, whatever elements it has.
    if (type === PATIENT) return indexEntries(type, rowsOf(resource), hash);
    const parts: IndexEntries[] = [];
    if (meta !== undefined) {
      const { versionId: _version, lastUpdated: _updated, ...labels } = meta;
      parts.push(known(type, 'meta', labels));
    }
    for (const [element, value] of Object.entries(elements as object)) {
      parts.push((isShared(element, value) ? known : entriesOf)(type, element, value));
    }
    return {
      tokens: [...new Set(parts.flatMap(({ tokens }) => tokens))],
      ranges: parts.flatMap(({ ranges }) => ranges),
      references: parts.flatMap(({ references }) => references),
    };
  };
}
