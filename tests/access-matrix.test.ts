/**
 * Every route that states what it does × every role × how its caller stands to the person: what is expected of
 * each is written in one text (packages/policy, expected-access.txt), from the intended use and not from the rules.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { type Relation, ROLES, type Role } from '@ausculta/policy/vocabulary';
import { readExpectations } from '../packages/policy/src/fixtures/expectations.ts';
import { otherOrganisation, type Person, signedIn } from './support/people.ts';
import { ROUTES } from './support/route-access.ts';
import { type ServerHere, startServerHere } from './support/server.ts';

const EXPECTED = readExpectations(
  readFileSync(
    new URL('../packages/policy/src/fixtures/expected-access.txt', import.meta.url),
    'utf8',
  ),
);

/** What people of each role are there for; what is about no person they also do to run the house. */
const THERE_FOR: Partial<Record<Role, readonly string[]>> = {
  patient: ['PATRQT'],
  proxy: ['PATRQT', 'FAMRQT'],
  'biomedical-engineer': ['HOPERAT'],
  manufacturer: ['HOPERAT'],
  integrator: ['SYSDEV'],
  supplier: ['HOPERAT'],
  administrator: ['HSYSADMIN', 'HOPERAT', 'PATRQT'],
  auditor: ['HCOMPL'],
  'public-health-analyst': ['PUBHLTH', 'HRESCH'],
  'payer-analyst': ['HPAYMT'],
  trainee: ['TRAIN'],
};
const PERSONAL =
  /^(identity|placement|vitals|waveforms|alarm-presence|alarms|events|medication|laboratory|documents|protocols|location|consents|disclosures)$/;

/** People sign in as these. */
const PEOPLE = ROLES.filter((role) => role !== 'device' && role !== 'platform-job');

interface Standing {
  readonly name: string;
  readonly relations: readonly Relation[];
}

const STANDINGS: readonly Standing[] = [
  { name: 'unrelated', relations: [] },
  { name: 'the person', relations: ['self'] },
  { name: 'a proxy', relations: ['proxy'] },
  { name: 'of the care team', relations: ['care-team'] },
  { name: 'of a programme', relations: ['programme'] },
  { name: 'on shift', relations: ['on-shift'] },
];

interface Asked {
  readonly name: string;
  readonly action: string;
  readonly data: string;
  readonly about: string;
  readonly purposes: readonly string[];
}

/** What a route asks before its handler runs. */
const ASKED: readonly Asked[] = Object.entries(ROUTES).flatMap(([name, access]) => {
  const [action = '', data = '', about = '', ...purposes] = access.split(' ');
  return about === 'subject' || about === 'house' ? [{ name, action, data, about, purposes }] : [];
});

/** Synthetic persons are what integrators and trainees work on; here they are invented, all of them. */
const CONDITIONS = ['synthetic'];

function isExpected(
  role: Role,
  { action, data, about, purposes }: Asked,
  { relations }: Standing,
): boolean {
  const own = purposes.length > 0 ? purposes : [...(THERE_FOR[role] ?? ['TREAT'])];
  const all = PERSONAL.test(data) ? own : [...own, 'HOPERAT'];
  const stands: Relation[] = ['organisation', 'none', ...relations];
  // Asked about nobody in particular no relation to a person counts, but that one is on shift.
  const counted =
    about === 'subject'
      ? stands
      : stands.filter((one) => ['organisation', 'none', 'on-shift'].includes(one));
  return all.some((purpose) =>
    (EXPECTED.get(`${role} ${purpose} ${data} ${action}`) ?? []).some(
      (line) =>
        line.conditions.every((one) => about === 'subject' && CONDITIONS.includes(one)) &&
        line.relations.some((one) => counted.includes(one)),
    ),
  );
}

let here: ServerHere;
let subjectId = '';

const pathOf = (name: string): [string, string] => {
  const [method = '', url = ''] = name.split(' ');
  const path = url.replace(/:\w+/g, (part) =>
    part === ':id' && url.includes('/subjects/') ? subjectId : randomUUID(),
  );
  return [method, path];
};

async function refuses(person: Person, name: string, headers = {}): Promise<boolean> {
  const [method, path] = pathOf(name);
  const response = await fetch(`${here.server.url}${path}`, {
    method,
    headers: { ...person.headers, ...headers },
  });
  const text = await response.text();
  return response.status === 403 && /NOT_PERMITTED|forbidden/.test(text);
}

describe('the matrix of access', () => {
  before(async () => {
    here = await startServerHere();
    subjectId = (await here.server.addSubject('Matrix')).id;
  });
  after(() => here[Symbol.asyncDispose]());

  /** Of one role, standing so. */
  async function personOf(role: Role, { relations }: Standing): Promise<Person> {
    const person = await signedIn(here, [role]);
    for (const relation of relations) {
      if (relation === 'on-shift')
        await here.server.post('/api/shifts', { accountId: person.accountId, unit: null });
      else
        await here.server.post(`/api/subjects/${subjectId}/team`, {
          accountId: person.accountId,
          kind: relation,
        });
    }
    return person;
  }

  for (const role of PEOPLE) {
    test(`a ${role} is let in where that is expected, and nowhere else`, async () => {
      for (const standing of STANDINGS) {
        const person = await personOf(role, standing);
        const asked = await Promise.all(
          ASKED.map(async (one) => [one, await refuses(person, one.name)] as const),
        );
        for (const [one, isRefused] of asked) {
          const isOpen = isExpected(role, one, standing);
          assert.equal(!isRefused, isOpen, `${role}, ${standing.name}: ${one.name}`);
        }
      }
    });
  }

  test('who belongs to another house is let in nowhere, whatever the role', async () => {
    const house = await otherOrganisation(here, 'Elsewhere');
    const own = (await signedIn(here, ['nurse'])).organisationId;
    for (const role of PEOPLE) {
      const person = await signedIn(here, [role], house);
      const headers = { 'ausculta-organisation': own };
      for (const { name } of ASKED)
        assert.ok(await refuses(person, name, headers), `${role}: ${name}`);
    }
  });

  test('after consent is withdrawn the person alone reads', async () => {
    const coding = (system: string, code: string) => ({
      coding: [{ system: `http://terminology.hl7.org/CodeSystem/${system}`, code }],
    });
    const people: (readonly [Role, Standing, Person])[] = [];
    for (const role of PEOPLE) {
      // Nobody learns and tries on real persons: invented ones have nothing to keep back.
      if (role === 'trainee' || role === 'integrator') continue;
      for (const standing of STANDINGS)
        people.push([role, standing, await personOf(role, standing)]);
    }
    await here.server.post('/fhir/R4/Consent', {
      resourceType: 'Consent',
      status: 'active',
      scope: coding('consentscope', 'patient-privacy'),
      category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
      patient: { reference: `Patient/${subjectId}` },
      policyRule: coding('v3-ActCode', 'OPTOUT'),
    });
    const reading = ASKED.filter(
      ({ about, action, data }) =>
        about === 'subject' && /^(read|export)$/.test(action) && PERSONAL.test(data),
    );
    assert.ok(reading.length > 8);
    for (const [role, standing, person] of people) {
      const isThem = role === 'patient' && standing.relations.includes('self');
      for (const { name } of reading) {
        // Of each metric by itself: what is refused then is what is asked for.
        const [method, url = ''] = name.split(' ');
        const metric = url.endsWith('/waveforms') || url.endsWith('/edf') ? 'ecg-ii' : 'heart-rate';
        const asked = `${method} ${url}?metric=${metric}&metrics=${metric}&from=1&to=2`;
        assert.equal(await refuses(person, asked), !isThem, `${role}, ${standing.name}: ${asked}`);
      }
    }
  });
});
