import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReference, referenceHere } from './reference.ts';

const HERE = 'https://ward.example/fhir/R4';

test('a reference by our own address is one of ours, however the address is written', () => {
  for (const base of [HERE, 'HTTPS://Ward.Example/fhir/R4', 'https://ward.example:443/fhir/R4']) {
    assert.equal(referenceHere(`${base}/Patient/1`, HERE), 'Patient/1', base);
  }
  assert.equal(referenceHere(`${HERE}/Patient/1/_history/2`, HERE), 'Patient/1/_history/2');
});

test('what is of another server, or no resource, stays as it is', () => {
  for (const text of [
    'Patient/1',
    'https://ward.example/fhir/R5/Patient/1',
    'https://ward.example/R4/Patient/1',
    'https://ward.example/fhir/R4/more/Patient/1',
    'http://ward.example/fhir/R4/Patient/1',
    'https://ward.example.other/fhir/R4/Patient/1',
    'https://ward.example:8443/fhir/R4/Patient/1',
    `${HERE}/Patient?identifier=1`,
    `${HERE}/Patient`,
    'urn:uuid:1',
    '#1',
    '',
  ]) {
    assert.equal(referenceHere(text, HERE), undefined, text);
  }
});

test('a protocol in capital letters is one', () => {
  const base = 'HTTP://other.example';
  assert.deepEqual(parseReference(`${base}/Patient/1`), {
    ...{ base, type: 'Patient', id: '1', version: undefined },
  });
});
