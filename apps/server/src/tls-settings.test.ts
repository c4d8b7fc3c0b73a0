import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readConfig } from './config.ts';

const TLS = { AUSCULTA_TLS_CERT: 'server.pem', AUSCULTA_TLS_KEY: 'server.key' };
const FILES = { setting: 'AUSCULTA_TLS', certFile: 'server.pem', keyFile: 'server.key' };
const HL7 = { AUSCULTA_HL7_PORT: '2575', AUSCULTA_HL7_SENDERS: 'senders.json' };

describe('plain text', () => {
  const cases: readonly { given: Record<string, string>; refused?: RegExp }[] = [
    { given: {} },
    { given: { AUSCULTA_HTTP_HOST: '127.0.0.2', AUSCULTA_MQTT_HOST: 'localhost' } },
    { given: { AUSCULTA_HTTP_HOST: '::1' } },
    {
      given: { AUSCULTA_HTTP_HOST: '0.0.0.0' },
      refused: /^AUSCULTA_HTTP_HOST .*AUSCULTA_PLAINTEXT/,
    },
    { given: { AUSCULTA_HTTP_HOST: '0.0.0.0', AUSCULTA_PLAINTEXT: 'http' } },
    { given: { AUSCULTA_MQTT_HOST: '::', AUSCULTA_PLAINTEXT: 'http' }, refused: /name mqtt in/ },
    { given: { AUSCULTA_MQTT_HOST: '127.0.0.1.example' }, refused: /name mqtt in/ },
    { given: { AUSCULTA_MQTT_HOST: '10.0.0.5', ...TLS } },
    { given: { ...HL7, AUSCULTA_HL7_HOST: '10.0.0.5' }, refused: /name hl7 in/ },
    { given: { ...HL7, AUSCULTA_HL7_HOST: '10.0.0.5', AUSCULTA_PLAINTEXT: 'HL7, phd' } },
    { given: { AUSCULTA_HL7_HOST: '10.0.0.5' } },
    { given: { AUSCULTA_PLAINTEXT: 'http mqtt' }, refused: /^AUSCULTA_PLAINTEXT is no list/ },
    { given: { AUSCULTA_TLS_CERT: 'server.pem' }, refused: /belong together/ },
  ];
  for (const { given, refused } of cases) {
    const what = JSON.stringify(given);
    test(`${what} ${refused === undefined ? 'starts' : 'is a start problem'}`, () => {
      const outcome = readConfig(given);
      if (refused === undefined) assert.ok(outcome.ok);
      else assert.match(outcome.ok ? '' : outcome.problems.join('\n'), refused);
    });
  }
});

test('one certificate is for all doors, but for those that have their own or are named as plain', () => {
  const own = { AUSCULTA_HL7_TLS_CERT: 'hl7.pem', AUSCULTA_HL7_TLS_KEY: 'hl7.key' };
  const phd = { AUSCULTA_PHD_PORT: '6024', AUSCULTA_PHD_AGENTS: 'agents.json' };
  const outcome = readConfig({ ...TLS, ...HL7, ...own, ...phd, AUSCULTA_PLAINTEXT: 'http' });
  assert.ok(outcome.ok);
  const { config } = outcome;
  assert.equal(config.http.tls, undefined);
  assert.deepEqual(config.mqtt.tls, FILES);
  assert.equal(config.hl7?.tls?.certFile, 'hl7.pem');
  assert.deepEqual(config.phd?.tls, FILES);
});
