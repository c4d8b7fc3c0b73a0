/** Admission messages out of order, doubled, contradicting each other, and from two systems. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { bed, code, fault, type House, housed } from './support/admission-house.ts';
import { fields } from './support/hl7-messages.ts';

describe('admission messages', () => {
  let house: House;
  before(async () => {
    house = await housed();
    await house.register();
  });
  after(async () => {
    house.end();
    assert.deepEqual(house.here.problems, []);
    await house.here[Symbol.asyncDispose]();
  });

  const bedOf = async (number: string) => (await house.patient(number)).identity.bed;
  const ago = (seconds: number) => Date.now() - seconds * 1_000;

  test('a discharge before its admission is refused, and taken when it comes again', async () => {
    const client = await house.open();
    const discharge = house.write('discharge', 'D1', { occurredMs: ago(5), recordedMs: ago(5) });
    assert.equal(fault(await client.ask(discharge)), 'AE PATIENT_UNKNOWN');
    const admission = { location: bed('1'), occurredMs: ago(60), recordedMs: ago(60) };
    await house.done('admit', 'D1', admission);
    assert.equal(code(await client.ask(discharge)), 'AA');
    const { presence, identity } = await house.patient('D1');
    assert.deepEqual([presence, identity.bed], ['gone', undefined]);
    assert.equal(await house.refusal('admit', 'D1', admission), 'AE MOVEMENT_LATE');
    assert.equal((await house.patient('D1')).presence, 'gone');
  });

  const OUT_OF_ORDER: [
    string,
    'transfer' | 'cancel-admit' | 'cancel-transfer' | 'cancel-discharge',
  ][] = [
    ['a transfer before any admission', 'transfer'],
    ['an admission taken back that never was', 'cancel-admit'],
    ['a transfer taken back that never was', 'cancel-transfer'],
    ['a discharge taken back that never was', 'cancel-discharge'],
  ];
  for (const [name, action] of OUT_OF_ORDER) {
    test(`${name} changes nothing, for nobody and for somebody`, async () => {
      const at = { location: bed('2'), priorLocation: bed('3') };
      assert.equal(await house.refusal(action, 'D2', at), 'AE PATIENT_UNKNOWN');
      await house.server.post('/api/subjects', {
        identity: { familyName: 'Here', recordNumber: `D-${action}` },
      });
      assert.equal(await house.refusal(action, `D-${action}`, at), 'AE MOVEMENT_REFUSED');
      assert.equal(await bedOf(`D-${action}`), undefined);
    });
  }

  test('each step is taken back once, from the last to the first', async () => {
    await house.done('admit', 'D3', { location: bed('4') });
    await house.done('transfer', 'D3', { location: bed('5') });
    await house.done('discharge', 'D3');
    assert.equal(await house.refusal('cancel-transfer', 'D3'), 'AE MOVEMENT_REFUSED');
    await house.done('cancel-discharge', 'D3');
    assert.equal(await house.refusal('cancel-discharge', 'D3'), 'AE MOVEMENT_REFUSED');
    assert.equal(await bedOf('D3'), '5');
    await house.done('cancel-transfer', 'D3');
    assert.equal(await bedOf('D3'), '4');
    await house.done('cancel-admit', 'D3');
    assert.equal(await house.refusal('cancel-admit', 'D3'), 'AE MOVEMENT_REFUSED');
    assert.equal((await house.patient('D3')).presence, 'gone');
  });

  test('two who change beds by two transfers: the second takes both, and the devices follow', async () => {
    for (const [number, place] of [
      ['D6', '6'],
      ['D7', '7'],
    ] as const) {
      await house.measure(place, Number(place), ago(4));
      await house.done('admit', number, { location: bed(place), occurredMs: ago(50) });
    }
    const client = await house.open();
    const half = house.write('transfer', 'D6', { location: bed('7'), priorLocation: bed('6') });
    const refused = await client.ask(half);
    assert.equal(fault(refused), 'AE MOVEMENT_REFUSED');
    assert.match(fields(refused, 'ERR')[8] ?? '', /PV1-3/);
    assert.deepEqual([await bedOf('D6'), await bedOf('D7')], ['6', '7']);
    await house.done('transfer', 'D7', { location: bed('6'), priorLocation: bed('7') });
    assert.deepEqual([await bedOf('D6'), await bedOf('D7')], ['7', '6']);
    await house.measure('6', 76);
    await house.measure('7', 67);
    assert.deepEqual(
      [await house.ratesOf('D6'), await house.ratesOf('D7')],
      [
        [6, 67],
        [7, 76],
      ],
    );
    assert.equal(code(await client.ask(half)), 'AA', 'sent again, it has been done');
    assert.deepEqual([await bedOf('D6'), await bedOf('D7')], ['7', '6']);
  });

  const swap = (one: string, other: string, [first, second]: readonly [string, string]) => {
    const part = (number: string, place: string) =>
      house
        .write('transfer', number, { location: bed(place) })
        .split('\r')
        .filter((row) => /^P(ID|V1)/.test(row));
    const head = house.write('transfer', one).replace('ADT^A02^ADT_A02', 'ADT^A17^ADT_A17');
    const rows = head.split('\r').filter((row) => /^(MSH|EVN)/.test(row));
    return [...rows, ...part(one, first), ...part(other, second), ''].join('\r');
  };

  test('two who change beds by one message (A17)', async () => {
    const client = await house.open();
    assert.equal(fault(await client.ask(swap('D6', 'D7', ['6', '7']))), 'AA undefined');
    assert.deepEqual([await bedOf('D6'), await bedOf('D7')], ['6', '7']);
  });

  test('a swap into one bed, into a third patient’s, or with nobody changes nothing', async () => {
    await house.done('admit', 'D8', { location: bed('8') });
    const client = await house.open();
    assert.equal(fault(await client.ask(swap('D6', 'D7', ['6', '6']))), 'AE MOVEMENT_REFUSED');
    assert.equal(fault(await client.ask(swap('D6', 'D7', ['8', '6']))), 'AE MOVEMENT_REFUSED');
    assert.equal(fault(await client.ask(swap('D6', 'D99', ['9', '6']))), 'AE PATIENT_UNKNOWN');
    assert.deepEqual([await bedOf('D6'), await bedOf('D7'), await bedOf('D8')], ['6', '7', '8']);
  });

  test('a bed is given twice: the second is refused until the first has left', async () => {
    await house.done('admit', 'D10', { location: bed('10') });
    assert.equal(
      await house.refusal('admit', 'D11', { location: bed('10') }),
      'AE MOVEMENT_REFUSED',
    );
    await house.done('admit', 'D11', { location: bed('11') });
    const onto = { location: bed('10'), priorLocation: bed('11') };
    assert.equal(await house.refusal('transfer', 'D11', onto), 'AE MOVEMENT_REFUSED');
    await house.done('discharge', 'D10');
    await house.done('transfer', 'D11', onto);
    assert.equal(await bedOf('D11'), '10');
    assert.equal(await house.refusal('cancel-discharge', 'D10'), 'AE MOVEMENT_REFUSED');
    assert.equal((await house.patient('D10')).presence, 'gone');
  });

  test('a spelling of a bed is that bed: no two patients in “10 ” and “10”', async () => {
    const told = { location: bed(' 10 ', 'icu') };
    assert.equal(await house.refusal('admit', 'D12', told), 'AE MOVEMENT_REFUSED');
  });

  test('one control id with other content is another message', async () => {
    const first = house.write('admit', 'D13', { location: bed('13') });
    const id = fields(first, 'MSH')[9] ?? '';
    const second = house
      .write('transfer', 'D13', { location: bed('14') })
      .replace(/\|A\d+\|P\|/, `|${id}|P|`);
    const client = await house.open();
    assert.equal(code(await client.ask(first)), 'AA');
    assert.equal(code(await client.ask(second)), 'AA');
    assert.equal(code(await client.ask(first)), 'AA');
    assert.equal(await bedOf('D13'), '14');
  });

  test('two systems that say the same move one patient once; what contradicts is refused', async () => {
    const one = await house.open();
    const other = await house.open();
    const recordedMs = Date.now();
    const at = { location: bed('15'), recordedMs, visitNumber: 'V1' };
    const both = await Promise.all([
      one.ask(house.writeAs('HIS', 'admit', 'D15', at)),
      other.ask(house.writeAs('HIS2', 'admit', 'D15', at)),
    ]);
    assert.deepEqual(both.map(fault), ['AA undefined', 'AA undefined']);
    const apart = { location: bed('16'), visitNumber: 'V2' };
    const contrary = await other.ask(house.writeAs('HIS2', 'admit', 'D15', apart));
    assert.equal(fault(contrary), 'AE MOVEMENT_REFUSED');
    assert.equal(await bedOf('D15'), '15');
  });

  test('a time from tomorrow moves nobody tomorrow, and nothing after it comes too late', async () => {
    const tomorrowMs = Date.now() + 86_400_000;
    const early = { location: bed('17'), occurredMs: tomorrowMs, recordedMs: tomorrowMs };
    await house.done('admit', 'D17', early);
    await house.done('transfer', 'D17', { location: bed('18') });
    assert.equal(await bedOf('D17'), '18');
  });
});
