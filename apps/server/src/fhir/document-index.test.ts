import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Observation } from '@medplum/fhirtypes';
import { examplesIn } from '../../../../tests/support/fhir.ts';
import { dataTest } from '../../../../tools/test-data.ts';
import { documentIndex } from './document-index.ts';
import { type IndexEntries, indexEntries } from './index-entries.ts';
import { fhirKnowledge } from './knowledge.ts';
import { searchHash } from './search-hash.ts';

const hash = searchHash(new Uint8Array(32));
const knowledge = await fhirKnowledge();

/** Each of them once, in whatever order. */
function inOrder({ tokens, ranges, references }: IndexEntries): unknown {
  const texts = (rows: readonly object[]) =>
    [...new Set(rows.map((row) => JSON.stringify(row)))].sort();
  return [[...tokens].sort(), texts(ranges), texts(references)];
}

dataTest(
  { dataset: 'fhir', name: 'an index made of elements is that of the whole, and stays it' },
  (directory) => {
    const entriesOf = documentIndex(knowledge, hash);
    for (const { file, resource } of examplesIn(directory)) {
      const whole = indexEntries(resource.resourceType, knowledge.rowsOf(resource), hash);
      assert.deepEqual(inOrder(entriesOf(resource)), inOrder(whole), file);
      assert.deepEqual(inOrder(entriesOf(resource)), inOrder(whole), `${file}, remembered`);
    }
  },
);

test('what differs is not taken for what is remembered', () => {
  const entriesOf = documentIndex(knowledge, hash);
  const of = (code: string, value: number) => {
    const observation: Observation = {
      resourceType: 'Observation',
      ...{ status: 'final', valueQuantity: { value } },
      code: { coding: [{ system: 'http://loinc.org', code }] },
    };
    const whole = indexEntries('Observation', knowledge.rowsOf(observation), hash);
    assert.deepEqual(inOrder(entriesOf(observation)), inOrder(whole));
    return inOrder(entriesOf(observation));
  };
  assert.notDeepEqual(of('8867-4', 60), of('8867-4', 61));
  assert.notDeepEqual(of('8867-4', 60), of('8867-3', 60));
  assert.deepEqual(of('8867-4', 60), of('8867-4', 60));
});
