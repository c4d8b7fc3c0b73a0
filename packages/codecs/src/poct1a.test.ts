import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FLAG } from '@ausculta/vitals/reading';
import fc from 'fast-check';
import { dataTest } from '../../../tools/test-data.ts';
import { decodePoct, writePoctAck, writePoctRequest } from './poct1a.ts';
import { attributeOf, parseXml } from './xml-element.ts';
import { escapeXml } from './xml-scanner.ts';

function decode(text: string) {
  const decoded = decodePoct(new TextEncoder().encode(text));
  if (!decoded.ok) assert.fail(decoded.fault.detail);
  return decoded.value;
}

dataTest(
  { dataset: 'astm-poct1a', name: 'a ward meter says who it is and what it measured', cases: 2 },
  (directory) => {
    const file = (name: string) => decode(readFileSync(join(directory, name), 'utf8'));
    const hello = file('nova-statstrip-HEL_R01.xml').message;
    assert.deepEqual([hello.type, hello.controlId], ['HEL.R01', '7135']);
    assert.equal(hello.createdMs, Date.UTC(2010, 1, 22, 19, 6, 34));
    assert.deepEqual(
      [hello.device?.model_id, hello.device?.serial_id, hello.device?.device_id],
      ['StatStrip', '0600100736', 'MGH^ICU'],
    );
    const { message, readings, faults } = file('nova-statstrip-OBS_R01.xml');
    assert.deepEqual(faults, []);
    assert.deepEqual(readings, [
      {
        metric: 'glucose-blood',
        unit: 'mg/dL',
        value: 145,
        flags: 0,
        stampMs: Date.UTC(2001, 10, 1, 21, 29, 54),
        patientId: 'PT222-55-7777',
      },
    ]);
    const [service] = message.services;
    assert.deepEqual(
      [service?.operatorId, service?.location, service?.specimen],
      ['OP777-88-9999', 'Cambridge Hosp^ICU-4', 'BLD'],
    );
    assert.deepEqual(service?.observations[0]?.critical, { low: 60, high: 140 });
  },
);

function observed(value: string, role = 'OBS', more = '') {
  return decode(
    `<OBS.R01><HDR><HDR.message_type V="OBS.R01"/></HDR><SVC><SVC.role_cd V="${role}"/><SVC.observation_dttm V="2026-01-15T08:30:00-05:00"/><PT><PT.patient_id V="1"/><OBS><OBS.observation_id V="2341-6" SN="LN"/><OBS.value V="${escapeXml(value)}" U="mg/dL"/>${more}</OBS></PT></SVC></OBS.R01>`,
  );
}

test('a meter’s HI and "< 20" are one-sided', () => {
  assert.equal(observed('HI').readings[0]?.flags, FLAG.ABOVE);
  const [low] = observed('<20').readings;
  assert.deepEqual([low?.value, low?.flags], [20, FLAG.BELOW]);
});

test('a control is nobody’s glucose; a rejected result is doubted', () => {
  assert.equal(observed('101', 'LQC').readings.length, 0);
  const rejected = observed('101', 'OBS', '<OBS.status_cd V="R"/>');
  assert.equal(rejected.readings[0]?.flags, FLAG.QUESTIONABLE);
});

test('acknowledgements and requests are read back as they were meant', () => {
  const at = { controlId: '9', nowMs: Date.UTC(2026, 0, 15) };
  const { message } = decode(writePoctAck({ ...at, type: 'AA', acknowledged: '10"3&' }));
  assert.deepEqual(message.ack, { type: 'AA', controlId: '10"3&' });
  assert.equal(message.createdMs, at.nowMs);
  assert.equal(decode(writePoctRequest(at)).message.type, 'REQ.R01');
});

const REFUSED = [
  { xml: '', why: /not one whole/ },
  { xml: '<a>', why: /not one whole/ },
  { xml: '<a/><b/>', why: /not one whole/ },
  { xml: '<a></b>', why: /closes another/ },
  { xml: '</a>', why: /closes another/ },
  { xml: '<a x=1/>', why: /tag that is none/ },
  { xml: '<a x="1"', why: /unfinished tag/ },
  { xml: '<!DOCTYPE a [<!ENTITY b "c">]><a/>', why: /document type/ },
  { xml: '<!-- <a/>', why: /unfinished part/ },
  { xml: '<a>'.repeat(40), why: /too many/ },
  { xml: '<a/>', why: /no HDR/ },
] as const;

for (const { xml, why } of REFUSED) {
  test(`${JSON.stringify(xml.slice(0, 30))} is refused: ${why}`, () => {
    const decoded = decodePoct(new TextEncoder().encode(xml));
    assert.ok(!decoded.ok);
    assert.match(decoded.fault.detail ?? '', why);
  });
}

test('text, attributes, comments and entities of XML are read', () => {
  const parsed = parseXml(
    `<?xml version="1.0"?><x:a b='1 > "2"'><!-- < -->&lt;&#65;&#x42;<![CDATA[<&]]><c/></x:a>`,
  );
  assert.ok(parsed.ok);
  const { name, text, children } = parsed.value;
  assert.deepEqual(
    [name, attributeOf(parsed.value, 'b'), text, children.length],
    ['a', '1 > "2"', '<AB<&', 1],
  );
});

test('an entity is no bomb, and any soup of tags ends in an answer', () => {
  const piece = fc.constantFrom(
    '<',
    '>',
    '/',
    '<a>',
    '</a>',
    '<a b="',
    '"',
    '&amp;',
    '&#',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    ' ',
    'HDR',
    '=',
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 40 }),
      (pieces) => {
        decodePoct(new TextEncoder().encode(pieces.join('')));
      },
    ),
  );
});
