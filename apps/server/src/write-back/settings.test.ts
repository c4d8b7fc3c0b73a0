import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDestinations } from './settings.ts';

const EHR = {
  name: 'ehr',
  url: 'https://ehr.example/fhir',
  zone: 'Europe/Berlin',
  patientSystem: 'urn:oid:1.2.3',
  credentials: { kind: 'none' },
};

const list = (...destinations: object[]): string => JSON.stringify({ destinations });

test('a destination has the times and the address that it is asked by', () => {
  const read = readDestinations(list(EHR));
  assert.ok(typeof read !== 'string');
  const [ehr] = read;
  assert.equal(ehr?.url, 'https://ehr.example/fhir/');
  assert.equal(ehr?.afterMs, 3_600_000);
  assert.equal(ehr?.quietMs, 300_000);
  assert.equal(ehr?.patientNumber, 'identifier');
  assert.equal(ehr?.private, false);
});

const BAD: readonly [string, string, RegExp][] = [
  ['no JSON', 'ehr', /the file/],
  ['no list', '{}', /destinations/],
  ['an address with a question', list({ ...EHR, url: 'https://ehr.example/?a=b' }), /url.*address/],
  ['an address with a password', list({ ...EHR, url: 'https://a:b@ehr.example/' }), /url.*address/],
  ['another language', list({ ...EHR, url: 'ftp://ehr.example/' }), /url.*address/],
  ['no zone of the world', list({ ...EHR, zone: 'Mars/Base' }), /zone/],
  ['a name that is none', list({ ...EHR, name: 'The EHR' }), /name/],
  ['two of one name', list(EHR, EHR), /one name/],
  ['what is unknown', list({ ...EHR, passwort: 'x' }), /Unrecognized/],
  ['credentials of another kind', list({ ...EHR, credentials: { kind: 'basic' } }), /credentials/],
  ['a waveform', list({ ...EHR, metrics: ['ecg'] }), /LOINC/],
];

for (const [what, text, why] of BAD) {
  test(`a list with ${what} is not used, and it is said where`, () => {
    const read = readDestinations(text);
    assert.ok(typeof read === 'string');
    assert.match(read, why);
  });
}
