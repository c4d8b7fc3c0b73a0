/**
 * Whoever guesses, swaps and mixes ids reads nothing of anybody else: requests by the thousand of people who may
 * see one person, one ward or nobody, about persons, documents, readings and houses that are not theirs.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import {
  Asking,
  otherOrganisation,
  ownOrganisation,
  type Person,
  problemOf,
  signedIn,
} from './people.ts';
import { eventually, type ServerHere, startServerHere, type TestDevice } from './server.ts';

/** Beyond FHIR one address is answered 3,000 times a minute. */
const OF_API_MAX = 2_400;
const AT_ONCE = 20;

/** Written into what is another's, and into nothing else. */
const MARKS = ['Zyxbenmark', 'Zyxforeignmark', '"value":191', ',191,', '"value":191.0'];

let here: ServerHere;
let asking: Asking;
const ids: string[] = [];
const callers: { readonly who: string; readonly person: Person }[] = [];
let own = '';
let house = '';

/** What can be asked of an id; `{}` is where one goes. */
const FHIR = [
  ...[
    'Patient/{}',
    'Patient/{}/$everything',
    'Patient/{}/$summary',
    'Patient?_id={}',
    'Patient/{}/_history',
  ],
  ...[
    'Condition/{}',
    'Condition?patient={}',
    'Condition?subject=Patient/{}&_include=Condition:subject',
  ],
  ...[
    'Condition/{}/_history/1',
    'Observation?patient={}&code=8867-4',
    'Observation?subject=Patient/{}',
  ],
  ...[
    'Observation/$lastn?patient={}',
    'Patient?_has:Condition:patient:_id={}',
    'Encounter/{}/$claim',
  ],
  ...[
    'Observation/$stats?subject=Patient/{}&code=8867-4&statistic=average&duration=9',
    'Patient?_revinclude=Condition:subject&_id={}',
  ],
  ...[
    'Condition?patient.name=Zyxbenmark&_id={}',
    '?_type=Patient,Condition&_id={}',
    'Task?patient={}',
    '_history?_count=50',
  ],
  ...[
    'Condition?_count=50&_sort=_id',
    'Patient?name=Zyxbenmark',
    'Patient?identifier={}',
    'Device?patient={}',
    'Group/{}/$export',
  ],
  ...[
    'Observation/{}',
    'Observation/{}/$closed-loop',
    'Condition?encounter={}',
    'Condition/{}/$validate',
    '$export/{}',
  ],
];
const API = [
  ...[
    'subjects',
    'subjects/{}',
    'subjects/{}/readings?metric=heart-rate',
    'subjects/{}/events',
    'subjects/{}/limits',
  ],
  ...[
    'subjects/{}/team',
    'subjects/{}/accesses',
    'subjects/{}/edf?metrics=ecg-ii&from=0&to=9',
    'alarms?state=all',
    'alarms?state=all&subject={}',
  ],
  ...[
    'subjects/{}/trend?metrics=heart-rate&from=0&to=9999999999999',
    'devices',
    'devices/{}',
    'accounts',
    'grants',
    'parked',
  ],
  ...[
    'subjects/{}/statistics?metrics=heart-rate&from=0&to=9999999999999',
    'broken-glass',
    'admissions/refused',
  ],
];

async function measured(device: TestDevice, rate: number): Promise<void> {
  await here.server.send(device, JSON.stringify({ values: { 'heart-rate': rate } }));
  await eventually('the reading', async () =>
    (await here.server.readings(device.subjectId, 'heart-rate')).length > 0 ? true : undefined,
  );
}

async function open(): Promise<void> {
  here = await startServerHere();
  const { server } = here;
  asking = new Asking(server);
  own = await ownOrganisation(here);
  house = await otherOrganisation(here, 'Another house');
  const mine = await server.addPatient('Mine');
  // In an alarm of nobody's ward every nurse may see who it is: theirs lies in one where somebody answers.
  const sister = await signedIn(here, ['nurse']);
  await server.post('/api/shifts', { accountId: sister.accountId, unit: 'Theirs' });
  const identity = { familyName: 'Zyxbenmark', ward: 'Theirs', bed: '1', invented: true };
  const ofTheirs = await server.post<{ id: string }>('/api/subjects', {
    category: 'adult',
    identity,
  });
  const theirs = await server.addDevice(ofTheirs.id);
  await measured(mine, 61);
  await measured(theirs, 191);
  const note = await asking.write('Condition', problemOf(theirs, 'Zyxbenmark is ill'));
  const ofMine = await asking.write('Condition', problemOf(mine, 'well'));
  const foreign = await here.database.line<{ id: string }[]>`SELECT gen_random_uuid()::text AS id`;
  ids.push(
    mine.subjectId,
    theirs.subjectId,
    mine.id,
    theirs.id,
    note,
    ofMine,
    own,
    house,
    foreign[0]?.id ?? '',
  );
  const patient = await signedIn(here, ['patient']);
  await asking.relate(patient, mine, 'self');
  const nurse = await signedIn(here, ['nurse']);
  await server.post('/api/shifts', { accountId: nurse.accountId, unit: 'Another ward' });
  await asking.relate(nurse, mine, 'care-team');
  const specialist = await signedIn(here, ['physician'], house);
  await asking.relate(specialist, mine, 'care-team');
  const words = {
    dataClasses: ['identity', 'vitals', 'documents'],
    actions: ['read', 'search'],
    purposes: ['TREAT'],
  };
  const grant = {
    organisationId: house,
    subjectId: mine.subjectId,
    ...words,
    until: Date.now() + 3_600_000,
  };
  await server.post('/api/grants', grant);
  const engineer = await signedIn(here, ['biomedical-engineer']);
  const manager = await signedIn(here, ['administrator']);
  const all = { patient, nurse, specialist, engineer, manager };
  for (const [who, person] of Object.entries(all)) callers.push({ who, person });
  ids.push(...callers.map(({ person }) => person.accountId));
}

export function testMutatedIds(requests: number): void {
  describe('ids that are not theirs', () => {
    before(open);
    after(() => here[Symbol.asyncDispose]());

    test(`${requests} requests tell nothing of another person`, async () => {
      const one = (base: string, paths: readonly string[]) =>
        fc.record({
          caller: fc.constantFrom(...callers),
          path: fc.constantFrom(...paths).map((path) => `${base}${path}`),
          id: fc.constantFrom(...ids),
          isAway: fc.boolean(),
          isEncoded: fc.boolean(),
        });
      const ofApi = Math.min(OF_API_MAX, requests / 4);
      const asked = [
        ...fc.sample(one('/api/', API), { numRuns: ofApi, seed: 7 }),
        ...fc.sample(one('/fhir/R4/', FHIR), { numRuns: requests - ofApi, seed: 8 }),
      ];
      const statuses = new Map<number, number>();
      const work = asked.values();
      const worker = async (): Promise<void> => {
        for (const { caller, path, id, isAway, isEncoded } of work) {
          const [first = ''] = id;
          const text = isEncoded ? `%${first.charCodeAt(0).toString(16)}${id.slice(1)}` : id;
          const headers: Record<string, string> = isAway ? { 'ausculta-organisation': own } : {};
          // A search by a name finds whom a nurse may admit: that they are found is meant.
          if (caller.who === 'nurse' && /Patient\?|^\/fhir\/R4\/\?_type/.test(path)) continue;
          const response = await asking.as(caller.person, path.replace('{}', text), { headers });
          const answer = await response.text();
          statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
          const asWritten = answer.replaceAll(path, '');
          for (const mark of MARKS) {
            const isTold = asWritten.replaceAll(/name=Zyxbenmark/g, '').includes(mark);
            assert.ok(
              !isTold,
              `${caller.who} ${isAway ? 'away' : 'at home'}: ${path} (${id}) tells ${mark}`,
            );
          }
          assert.ok(response.status < 500, `${path}: ${response.status}`);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      assert.ok((statuses.get(200) ?? 0) > requests / 20, 'some of it is theirs to read');
      assert.ok((statuses.get(403) ?? 0) > requests / 20);
      assert.deepEqual(here.problems, []);
    });
  });
}
