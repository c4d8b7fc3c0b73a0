/** Notes about persons, read by those who may hear their alarms and nothing else. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { consentOf } from '../support/consents.ts';
import { Asking, type Person, signedIn } from '../support/people.ts';
import { type ServerHere, startServerHere } from '../support/server.ts';

const NOTE = 'Quagnote in a flag';

describe('a flag that somebody has written', () => {
  let here: ServerHere;
  let asking: Asking;
  let subjectId = '';
  let flag = '';
  before(async () => {
    here = await startServerHere();
    asking = new Asking(here.server);
    subjectId = (await here.server.addSubject()).id;
    flag = await asking.write('Flag', {
      ...{ status: 'active', code: { text: NOTE } },
      subject: { reference: `Patient/${subjectId}`, display: 'Quagperson' },
    });
  });
  after(() => here[Symbol.asyncDispose]());

  async function onShift(role: 'wall-display' | 'caregiver' | 'nurse'): Promise<Person> {
    const person = await signedIn(here, [role]);
    await here.server.post('/api/shifts', { accountId: person.accountId, unit: null });
    return person;
  }

  /** By every way in which a Flag can be told. */
  async function isTold(person: Person): Promise<boolean> {
    const ways = ['Flag', `Flag/${flag}`, `Flag/${flag}/_history`, 'Flag/_history', '_history'];
    const answers = await Promise.all(
      [...ways, `Flag?patient=${subjectId}`].map(async (way) =>
        (await asking.as(person, `/fhir/R4/${way}`)).text(),
      ),
    );
    return answers.some((text) => /Quagnote|Quagperson/.test(text));
  }

  test('is a note: no wall and no caregiver reads it, and a nurse on shift does', async () => {
    assert.equal(await isTold(await onShift('wall-display')), false);
    assert.equal(await isTold(await onShift('caregiver')), false);
    assert.equal(await isTold(await onShift('nurse')), true);
  });

  test('is kept back with the rest where the person keeps it back', async () => {
    await here.server.post('/fhir/R4/Consent', consentOf({ subjectId, base: 'OPTOUT' }));
    assert.equal(await isTold(await onShift('nurse')), false);
  });
});
