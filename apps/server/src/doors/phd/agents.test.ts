import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findAgent, readAgents } from './agents.ts';

const CUFF = { device: 'cuff-1', systemId: '00a037eb21757801', addresses: ['10.0.7.0/24'] };
const read = (...agents: object[]) => readAgents(JSON.stringify({ agents }));

test('an agent is known by its system id and where it stands, never by one of them', () => {
  const agents = read(CUFF, { ...CUFF, systemId: '00A037EB21757802', addresses: ['10.0.8.5'] });
  assert.ok(typeof agents !== 'string');
  const find = (systemId: string, address: string) =>
    findAgent(agents, { address, certificate: undefined }, systemId)?.device;
  assert.equal(find('00A037EB21757801', '10.0.7.9'), 'cuff-1');
  assert.equal(find('00A037EB21757801', '10.0.8.5'), undefined);
  assert.equal(find('00A037EB21757802', '10.0.7.9'), undefined);
  assert.equal(find('00A037EB21757803', '10.0.7.9'), undefined);
});

const UNUSABLE: [string, object[], RegExp][] = [
  ['nobody', [], /agents/],
  ['one who may stand anywhere', [{ ...CUFF, addresses: [] }], /needs addresses/],
  ['an address that is none', [{ ...CUFF, addresses: ['10.0.0.0/40'] }], /addresses/],
  ['a device id that is none', [{ ...CUFF, device: '-' }], /device: is no device id/],
  ['a short system id', [{ ...CUFF, systemId: '00A0' }], /systemId/],
  ['two with one system id', [CUFF, CUFF], /agents\.1\.systemId: is that of another/],
  ['a person who is everybody', [{ ...CUFF, userSlot: 0 }], /userSlot/],
  ['a field that nobody knows', [{ ...CUFF, slot: 1 }], /slot/],
];
for (const [name, agents, why] of UNUSABLE) {
  test(`a list with ${name} is refused, and says where`, () => {
    const list = read(...agents);
    assert.ok(typeof list === 'string');
    assert.match(list, why);
  });
}

test('what is no JSON says so', () => {
  assert.equal(readAgents('{'), 'it is not JSON');
});
