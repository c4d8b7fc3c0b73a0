import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asMailed, mailOf } from './mail-notification.ts';
import type { Focus, ToldEvent } from './notification.ts';

const UUID = '0b9ccc23-1f6d-4d1e-9a61-0e2f0c1d2e3f';

function eventAbout(url: string): ToldEvent {
  const reference = { reference: url, identifier: { value: 'spo2-low-anna' } };
  const focus: Focus = { reference, method: 'PUT', url, text: '{"name":"Anna"}' };
  return { number: 4, atMs: 0, focus };
}

for (const url of [`Condition/${UUID}`, `urn:uuid:${UUID}`])
  test(`${url.slice(0, 12)}… tells nothing and is named, without what stands beside it`, () => {
    const { focus } = asMailed(eventAbout(url));
    assert.deepEqual(focus?.reference, { reference: url });
    assert.equal(focus?.text, undefined);
  });

const TELLING = [
  'Observation/0123456789abcdef.heart-rate.1.mb2x',
  'Task/anna-1950',
  `Task/${UUID}/_history/anna`,
  `https://elsewhere.example/Task/${UUID}`,
];

for (const url of TELLING)
  test(`${url.slice(0, 40)} may tell something, and is not named`, () => {
    assert.equal(asMailed(eventAbout(url)).focus, undefined);
  });

const told = {
  ...{ baseUrl: 'https://ausculta.example/fhir/R4', subscriptionId: 's-1' },
  status: 'active',
  type: 'event-notification',
  ...{ lastEvent: 6, errors: [] },
} as const;

test('several events are one mail, which says how many and where to ask', () => {
  const events = [4, 5, 6].map((number) => ({ number, atMs: 0, focus: undefined }));
  const { subject, text, name } = mailOf({ ...told, events }, { nowMs: 0 });
  assert.equal(subject, 'Ausculta: 3 new events');
  assert.match(text, /events 4 to 6/);
  assert.match(text, /s-1\/\$events\?eventsSinceNumber=4\r\n/);
  assert.match(text, /information only/);
  assert.equal(name, 's-1.4-6', 'the same mail has the same name');
  const one = mailOf({ ...told, events: events.slice(0, 1) }, { nowMs: 0 });
  assert.equal(one.subject, 'Ausculta: one new event');
});

test('a handshake and a heartbeat say what they are', () => {
  const of = (type: 'handshake' | 'heartbeat') =>
    mailOf({ ...told, type, events: [] }, { nowMs: 7 });
  assert.match(of('handshake').subject, /begins/);
  assert.match(of('heartbeat').text, /Nothing has happened/);
  assert.notEqual(
    of('heartbeat').name,
    mailOf({ ...told, type: 'heartbeat', events: [] }, { nowMs: 8 }).name,
  );
});
