/** Whose gateways they are: what is told there is told of the patients of a house. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { expect } from '@ausculta/vitals/expect';
import { type OrganisationId, parseOrganisationId } from '@ausculta/vitals/identity';
import { MailRelay } from '../subscriptions/mail-relay.ts';
import { createSeal } from '../vault/seal.ts';
import { WATCHDOG_ORGANISATION } from '../watchdog/store.ts';
import type { Gateway } from './gateways.ts';
import { Reach } from './reach.ts';

const [HERE, THERE] = [houseOf(1), houseOf(2)];
const PAGER: Gateway = {
  ...{ name: 'pager', kind: 'pcd-04', host: 'pager.example', port: 2575, private: false },
  tls: undefined,
};

function houseOf(number: number): OrganisationId {
  const id = parseOrganisationId(`00000000-0000-4000-8000-00000000000${number}`);
  expect(id !== undefined, 'the id is well formed');
  return id;
}

function reachOf(gateway: Gateway, ...houses: readonly OrganisationId[]): Reach {
  const seal = createSeal(new Uint8Array(32), randomBytes);
  const reach = new Reach({
    ...{ mails: new MailRelay(undefined), hasRelay: false, gateways: [gateway] },
    organisationSeal: () => seal,
  });
  reach.noteHouses(houses);
  return reach;
}

const namesOf = (reach: Reach, house: OrganisationId): string[] =>
  reach.gatewaysOf(house).map(({ name }) => name);

test('a gateway that names no house is of the only one, with a watchdog and without', () => {
  for (const more of [[], [WATCHDOG_ORGANISATION]]) {
    const reach = reachOf(PAGER, HERE, ...more);
    assert.deepEqual(namesOf(reach, HERE), ['pager']);
    assert.deepEqual(namesOf(reach, WATCHDOG_ORGANISATION), []);
    assert.equal(reach.gatewaysOfNobody(), 0);
  }
});

test('where there are several houses it is nobody’s, and counted', () => {
  const reach = reachOf(PAGER, HERE, THERE);
  assert.deepEqual([namesOf(reach, HERE), namesOf(reach, THERE)], [[], []]);
  assert.equal(reach.gatewaysOfNobody(), 1);
});

test('one that names its house is of that one alone', () => {
  const reach = reachOf({ ...PAGER, organisation: HERE }, HERE, THERE);
  assert.deepEqual([namesOf(reach, HERE), namesOf(reach, THERE)], [['pager'], []]);
  assert.equal(reach.gatewaysOfNobody(), 0);
});
