import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namedIn } from './owners.ts';

const [A, B] = ['0190a0b0-0000-7000-8000-00000000000a', '0190a0b0-0000-7000-8000-00000000000b'];
const to = (reference: string) => ({ reference });

const CASES = [
  { what: 'a reference', resource: { subject: to(`Patient/${A}`) }, here: [A] },
  {
    what: 'one in an extension',
    resource: { extension: [{ valueReference: to(`Patient/${A}`) }] },
    here: [A],
  },
  {
    what: 'two, once each',
    resource: { x: [to(`Patient/${B}`), to(`Patient/${A}`), to(`Patient/${B}/_history/2`)] },
    here: [A, B],
  },
  {
    what: 'a patient in a Bundle',
    resource: { entry: [{ resource: { resourceType: 'Patient', id: A } }] },
    here: [A],
  },
  {
    what: 'a whole address',
    resource: { subject: to(`http://x/fhir/Patient/${A}`) },
    byAddress: [A],
  },
  {
    what: 'a contained patient',
    resource: { contained: [{ resourceType: 'Patient', id: A }], subject: to(`#${A}`) },
  },
  { what: 'another id', resource: { subject: to('Patient/example') } },
  { what: 'another type', resource: { subject: to(`Group/${A}`) } },
  { what: 'no text', resource: { subject: { reference: { reference: 7 } } } },
] as const;

for (const { what, resource, ...expected } of CASES) {
  test(`whose a resource is by ${what}`, () => {
    const named = namedIn({ resourceType: 'Basic', ...resource });
    assert.deepEqual(named, { here: [], byAddress: [], ...expected });
  });
}

test('a Patient is its own', () => {
  assert.deepEqual(namedIn({ resourceType: 'Patient', id: A }).here, [A]);
});
