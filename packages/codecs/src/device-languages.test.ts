import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainMessage } from './device-languages.ts';

const NOW = Date.UTC(2026, 0, 15);

function explain(language: string, bytes: Uint8Array) {
  return explainMessage(language, bytes, { receivedAtMs: NOW });
}

const hex = (text: string) =>
  Uint8Array.from(text.replaceAll(' ', '').match(/../g) ?? [], (two) => Number.parseInt(two, 16));
const utf8 = (text: string) => new TextEncoder().encode(text);

const CUFF =
  'e700003e 003c 0000 0101 0036 0000 ffffffff 0d1d 002c f000 0000 0002 0024 0001 0012 0003 0006 007b 004c 0061 2026112101591250 0002 000a 0055 2026112101591250';
const ORU = 'MSH|^~\\&|M||||2026||ORU^R01|7|P|2.6\rOBR|1\rOBX|1|NM|8867-4^^LN||72|/min\r';

const MESSAGES = [
  { language: 'gatt:2A37', bytes: hex('0048'), metrics: ['heart-rate'] },
  { language: 'hl7', bytes: utf8(ORU), metrics: ['heart-rate'] },
  { language: 'astm', bytes: utf8('R|1|2339-0|101|mg/dL\r'), metrics: ['glucose-blood'] },
  {
    language: '11073:02bc',
    bytes: hex(CUFF),
    metrics: ['nibp-systolic', 'nibp-diastolic', 'nibp-mean', 'pulse-rate-nibp'],
  },
  { language: '11073', bytes: hex(CUFF), metrics: [] },
  {
    language: 'poct1a',
    bytes: utf8(
      '<OBS.R01><HDR/><SVC><OBS><OBS.observation_id V="2339-0" SN="LN"/><OBS.value V="99"/></OBS></SVC></OBS.R01>',
    ),
    metrics: ['glucose-blood'],
  },
];

for (const { language, bytes, metrics } of MESSAGES) {
  test(`${language} is explained as [${metrics}]`, () => {
    const explained = explain(language, bytes);
    if (!explained.ok) assert.fail(explained.fault.detail);
    const { readings, fields } = explained.value;
    assert.deepEqual(
      readings.map(({ metric }) => metric),
      metrics,
    );
    assert.ok(JSON.stringify(fields).length > 2);
  });
}

test('a report whose configuration nobody knows says so, part by part', () => {
  const explained = explain('11073', hex(CUFF));
  assert.ok(explained.ok);
  assert.deepEqual(
    explained.value.faults.map(({ fault }) => fault.code),
    ['METRIC_UNKNOWN', 'METRIC_UNKNOWN'],
  );
});

test('an unknown language and an unreadable message are refused', () => {
  for (const language of ['', 'gatt', 'gatt:ffff', 'fax', 'hl7', '11073', 'astm', 'poct1a']) {
    assert.equal(explain(language, new Uint8Array()).ok, false, language);
  }
});
