import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RefusedAdmission } from '@ausculta/contract/admissions';
import type { SubjectView } from '@ausculta/contract/subjects';
import { admissionWords } from './admission-words.ts';

const identity = { familyName: 'Berg', givenName: 'Ben', recordNumber: 'M2' };
const subjects = [{ id: 'ben', identity } as SubjectView];

const REFUSED: RefusedAdmission = {
  id: '1',
  receivedAt: '2026-11-21T10:00:00.000Z',
  sender: 'his',
  what: 'admit',
  fault: 'MOVEMENT_REFUSED',
  detail: 'PV1-3: somebody else lies in this bed',
  name: 'Aalto, Anna',
  recordNumber: 'M1',
  subjectId: null,
  bed: { ward: 'ICU', bed: '7' },
  inBed: 'ben',
};

test('a bed that is taken: by whom, whose the monitor is meanwhile, and what to have sent', () => {
  const { title, why, mend } = admissionWords(REFUSED, subjects);
  assert.equal(title, 'Admission of Aalto, Anna (M1) to bed 7 of ICU was refused');
  assert.match(why, /bed 7 of ICU is that of Berg, Ben \(M2\), and two patients are never/);
  assert.match(mend, /See who lies there\. The monitor of the bed still counts for Berg, Ben/);
});

test('somebody who was never admitted here', () => {
  const unknown = { ...REFUSED, what: 'transfer', fault: 'PATIENT_UNKNOWN', inBed: null, name: '' };
  const { title, why, mend } = admissionWords(unknown, subjects);
  assert.equal(title, 'Transfer of M1 to bed 7 of ICU was refused');
  assert.match(why, /Nobody here has this number/);
  assert.match(mend, /have the admission sent/);
});

test('whatever else contradicts is told with the field, and their own bed contradicts nobody', () => {
  const own = { ...REFUSED, subjectId: 'ben', what: 'discharge', detail: 'EVN-6: before' };
  const { title, why } = admissionWords(own, subjects);
  assert.equal(title, 'Discharge of Aalto, Anna (M1) was refused');
  assert.match(why, /contradicts what is known here .* \(EVN-6: before\)/);
  const odd = { ...REFUSED, what: 'link', bed: null, inBed: null, detail: null };
  assert.equal(admissionWords(odd, []).title, 'Message of Aalto, Anna (M1) was refused');
});
