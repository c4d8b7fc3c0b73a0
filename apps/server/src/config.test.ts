import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from './config.ts';

test('an empty environment is a complete configuration, on loopback alone', () => {
  const outcome = readConfig({ PATH: '/usr/bin' });
  assert.deepEqual(outcome, {
    ok: true,
    config: {
      dataDir: './data',
      database: undefined,
      postgresPort: undefined,
      preload: undefined,
      http: { host: '127.0.0.1', port: 8080, tls: undefined },
      mqtt: { host: '127.0.0.1', port: 1883, tls: undefined },
      hl7: undefined,
      phd: undefined,
      certificateDays: 90,
      auditHeadsFile: undefined,
      auditHook: undefined,
      trustedProxies: [],
      publicUrl: undefined,
      idleLockMs: 600_000,
      signOnFile: undefined,
      timeZone: undefined,
      masterKey: { kind: 'file' },
      keyReplicaDir: undefined,
      backupsKeptDays: 30,
      keyStoreDir: undefined,
      memoryBytes: undefined,
      retention: [],
      subscriptions: {
        ...{ prefixes: [], mayBePrivate: false },
        ...{ giveUpMs: 86_400_000, keptMs: 604_800_000, followedMax: 1_000, mail: undefined },
      },
      diskReserveBytes: 512 * 1024 * 1024,
      writeBackFile: undefined,
      indicators: undefined,
      callingFile: undefined,
      demo: false,
    },
  });
});

test('a setting left empty is one left unset', () => {
  const outcome = readConfig({ AUSCULTA_HTTP_PORT: '', DATABASE_URL: '' });
  assert.ok(outcome.ok);
  assert.equal(outcome.config.http.port, 8080);
  assert.equal(outcome.config.database, undefined);
});

test('every setting is read', () => {
  const outcome = readConfig({
    AUSCULTA_DATA_DIR: '/srv/ausculta',
    AUSCULTA_HTTP_HOST: '0.0.0.0',
    AUSCULTA_HTTP_PORT: '80',
    AUSCULTA_MQTT_HOST: '::',
    AUSCULTA_MQTT_PORT: '65535',
    AUSCULTA_TLS_CERT: 'server.pem',
    AUSCULTA_TLS_KEY: 'server.key',
    AUSCULTA_PLAINTEXT: 'http',
    AUSCULTA_POSTGRES_PORT: '1',
    DATABASE_URL: 'postgres://ausculta:s%40crt@db.example/ward',
    AUSCULTA_TOKEN: 'read by the command line',
    AUSCULTA_SHARED_DIR: 'read by tests',
  });
  assert.ok(outcome.ok);
  assert.equal(outcome.config.dataDir, '/srv/ausculta');
  assert.deepEqual(outcome.config.http, { host: '0.0.0.0', port: 80, tls: undefined });
  assert.deepEqual(outcome.config.mqtt, {
    ...{ host: '::', port: 65535 },
    tls: { setting: 'AUSCULTA_TLS', certFile: 'server.pem', keyFile: 'server.key' },
  });
  assert.equal(outcome.config.postgresPort, 1);
  assert.equal(outcome.config.database?.password, 's@crt');
});

test('port 0 for PostgreSQL means its private socket alone', () => {
  const outcome = readConfig({ AUSCULTA_POSTGRES_PORT: '0' });
  assert.ok(outcome.ok);
  assert.equal(outcome.config.postgresPort, undefined);
});

test('proxies are believed by address or network, as many as are named', () => {
  const outcome = readConfig({ AUSCULTA_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8,fd00::/8' });
  assert.ok(outcome.ok);
  assert.deepEqual(outcome.config.trustedProxies, ['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);
});

for (const text of [
  'proxy.example',
  '10.0.0.0/33',
  '10.0.0.0/8/8',
  'true',
  '*',
  '1',
  '::/129',
  ',',
]) {
  test(`${text} is no proxy`, () => {
    const outcome = readConfig({ AUSCULTA_TRUSTED_PROXIES: text });
    assert.ok(!outcome.ok);
    assert.match(outcome.problems[0] ?? '', /^AUSCULTA_TRUSTED_PROXIES .*separated by commas/);
  });
}

const HEX = '0f'.repeat(32);
const BASE64 = Buffer.from(HEX, 'hex').toString('base64');

for (const text of [HEX, BASE64]) {
  test(`a master key of ${text.length} letters is 32 bytes, and its predecessor too`, () => {
    const given = { AUSCULTA_MASTER_KEY: text, AUSCULTA_MASTER_KEY_PREVIOUS: 'AA'.repeat(32) };
    const outcome = readConfig(given);
    assert.ok(outcome.ok);
    assert.deepEqual(outcome.config.masterKey, {
      kind: 'environment',
      current: new Uint8Array(32).fill(15),
      previous: new Uint8Array(32).fill(0xaa),
    });
  });
}

test('a key service is named by its address, a key and a file with its token', () => {
  const url = 'https://vault.example:8200/v1/transit';
  const outcome = readConfig({ AUSCULTA_KMS_URL: url, AUSCULTA_KMS_TOKEN_FILE: '/run/token' });
  assert.ok(outcome.ok);
  const masterKey = { kind: 'transit', url, keyName: 'ausculta', tokenFile: '/run/token' };
  assert.deepEqual(outcome.config.masterKey, masterKey);
});

const BAD = [
  { given: { AUSCULTA_MASTER_KEY: HEX.slice(1) }, says: /^AUSCULTA_MASTER_KEY .*openssl rand/ },
  { given: { AUSCULTA_MASTER_KEY: BASE64.slice(1) }, says: /^AUSCULTA_MASTER_KEY .*hexadecimal/ },
  { given: { AUSCULTA_MASTER_KEY_PREVIOUS: HEX }, says: /PREVIOUS is set alone/ },
  { given: { AUSCULTA_KMS_URL: 'vault' }, says: /^AUSCULTA_KMS_URL .* transit/ },
  { given: { AUSCULTA_KMS_URL: 'http://vault/v1/transit' }, says: /belong together/ },
  { given: { AUSCULTA_KMS_TOKEN_FILE: '/run/token' }, says: /belong together/ },
  {
    given: {
      AUSCULTA_MASTER_KEY: HEX,
      AUSCULTA_KMS_URL: 'http://vault/v1/transit',
      AUSCULTA_KMS_TOKEN_FILE: '/run/token',
    },
    says: /are both set/,
  },
  { given: { AUSCULTA_HTTP_PORT: '0' }, says: /^AUSCULTA_HTTP_PORT .* 1 to 65535/ },
  { given: { AUSCULTA_HTTP_PORT: '65536' }, says: /^AUSCULTA_HTTP_PORT .* 1 to 65535/ },
  { given: { AUSCULTA_MQTT_PORT: '1883.5' }, says: /^AUSCULTA_MQTT_PORT .* whole number/ },
  { given: { AUSCULTA_MQTT_PORT: 'mqtt' }, says: /^AUSCULTA_MQTT_PORT .* whole number/ },
  { given: { AUSCULTA_POSTGRES_PORT: '-1' }, says: /^AUSCULTA_POSTGRES_PORT .* leave it unset/ },
  {
    given: { AUSCULTA_DISK_RESERVE_MIB: '31' },
    says: /^AUSCULTA_DISK_RESERVE_MIB .* 32 or more/,
  },
  { given: { AUSCULTA_MEMORY_MIB: '15' }, says: /^AUSCULTA_MEMORY_MIB .* 16 or more/ },
  { given: { AUSCULTA_HTTP_HOST: 'http://me' }, says: /^AUSCULTA_HTTP_HOST .* 127\.0\.0\.1/ },
  {
    given: { DATABASE_URL: 'mysql://u:hunter2@h/d' },
    says: /^DATABASE_URL does not begin with postgres:\/\//,
  },
  {
    given: { DATABASE_URL: 'postgres://u:hunter2@h' },
    says: /^DATABASE_URL names no database\. Set it to/,
  },
  {
    given: { AUSCULTA_MQTT_PORT: '8080' },
    says: /^AUSCULTA_MQTT_PORT is 8080, as is AUSCULTA_HTTP_PORT/,
  },
  {
    given: { AUSCULTA_HTPP_PORT: '80' },
    says: /^AUSCULTA_HTPP_PORT is not a setting.* AUSCULTA_HTTP_PORT /,
  },
  { given: { AUSCULTA_HL7_PORT: '2575' }, says: /^AUSCULTA_HL7_PORT and .* belong together/ },
  { given: { AUSCULTA_HL7_SENDERS: 's.json' }, says: /belong together/ },
  { given: { AUSCULTA_HL7_TLS_CERT: 'c.pem' }, says: /TLS_KEY belong together/ },
  { given: { AUSCULTA_HL7_TLS_CA: 'ca.pem' }, says: /CA is set alone/ },
  { given: { AUSCULTA_DATADIR: '.' }, says: /AUSCULTA_DATA_DIR if that was meant/ },
] as const;

for (const { given, says } of BAD) {
  const [setting] = Object.entries(given)[0] ?? [];
  test(`${setting}=${Object.values(given)[0]?.replace('hunter2', '…')} is refused in one line with its mend`, () => {
    const outcome = readConfig(given);
    assert.ok(!outcome.ok);
    assert.equal(outcome.problems.length, 1);
    assert.match(outcome.problems[0] ?? '', says);
    assert.doesNotMatch(outcome.problems[0] ?? '', /\n|hunter2/);
  });
}

test('the HL7 door is off unless it is given a port and its senders', () => {
  const hl7Of = (given: Record<string, string>) => {
    const outcome = readConfig(given);
    assert.ok(outcome.ok);
    return outcome.config.hl7;
  };
  assert.equal(hl7Of({}), undefined);
  const own = { AUSCULTA_HL7_PORT: '2575', AUSCULTA_HL7_SENDERS: 's.json' };
  const open = { host: '127.0.0.1', port: 2575, listFile: 's.json', tls: undefined };
  assert.deepEqual(hl7Of(own), open);
  const tls = { AUSCULTA_HL7_TLS_CERT: 'c.pem', AUSCULTA_HL7_TLS_KEY: 'k.pem' };
  assert.deepEqual(hl7Of({ ...own, ...tls }), {
    ...open,
    tls: { setting: 'AUSCULTA_HL7_TLS', certFile: 'c.pem', keyFile: 'k.pem', caFile: undefined },
  });
});

test('the door of health devices is off unless it is given a port and its agents', () => {
  const own = { AUSCULTA_PHD_PORT: '6024', AUSCULTA_PHD_AGENTS: 'a.json' };
  const outcome = readConfig(own);
  assert.ok(outcome.ok);
  const open = { host: '127.0.0.1', port: 6024, listFile: 'a.json', tls: undefined };
  assert.deepEqual(outcome.config.phd, open);
  const half = readConfig({ AUSCULTA_PHD_PORT: '6024' });
  assert.ok(!half.ok);
  assert.match(half.problems[0] ?? '', /AUSCULTA_PHD_PORT and AUSCULTA_PHD_AGENTS belong together/);
});

test('all problems are told at once', () => {
  const outcome = readConfig({
    AUSCULTA_HTTP_PORT: 'x',
    AUSCULTA_MQTT_PORT: 'y',
    AUSCULTA_PORT: '1',
  });
  assert.ok(!outcome.ok);
  assert.equal(outcome.problems.length, 3);
});

for (const [text, expected] of [
  ['month', { period: 'month', zone: 'UTC', least: 11 }],
  ['day Europe/Berlin', { period: 'day', zone: 'Europe/Berlin', least: 11 }],
  [' week  UTC 3', { period: 'week', zone: 'UTC', least: 3 }],
  ['often', undefined],
  ['day Atlantis', undefined],
  ['day UTC 2', undefined],
  ['day UTC 1001', undefined],
  ['day UTC 11 more', undefined],
] as const) {
  test(`indicators "${text}" are ${expected === undefined ? 'refused' : 'understood'}`, () => {
    const outcome = readConfig({ AUSCULTA_INDICATORS: text });
    if (outcome.ok) assert.deepEqual(outcome.config.indicators, expected);
    else assert.match(outcome.problems.join(), /^AUSCULTA_INDICATORS is no period\. Set it to day/);
    assert.equal(outcome.ok, expected !== undefined);
  });
}

test('screens lock themselves after ten minutes, as set, and never in the demo', () => {
  const cases = [
    [{}, 600_000],
    [{ AUSCULTA_IDLE_LOCK_MINUTES: '3' }, 180_000],
    [{ AUSCULTA_IDLE_LOCK_MINUTES: '0' }, undefined],
    [{ AUSCULTA_DEMO: '1' }, undefined],
    [{ AUSCULTA_DEMO: '1', AUSCULTA_IDLE_LOCK_MINUTES: '1' }, 60_000],
  ] as const;
  for (const [given, lockMs] of cases) {
    const outcome = readConfig(given);
    assert.ok(outcome.ok);
    assert.equal(outcome.config.idleLockMs, lockMs);
  }
});

test('the house is in a zone that there is, or nobody has said', () => {
  assert.equal(zoneOf({}), undefined);
  assert.equal(zoneOf({ AUSCULTA_TIME_ZONE: 'Europe/Berlin' }), 'Europe/Berlin');
  const wrong = readConfig({ AUSCULTA_TIME_ZONE: 'Mars/Olympus' });
  assert.match(
    wrong.ok ? '' : wrong.problems.join(),
    /^AUSCULTA_TIME_ZONE is no time zone\. Set it/,
  );
});

function zoneOf(given: Parameters<typeof readConfig>[0]): string | undefined {
  const outcome = readConfig(given);
  assert.ok(outcome.ok);
  return outcome.config.timeZone;
}

test('the public address has no path', () => {
  for (const [url, ok] of [
    ['https://ausculta.example', true],
    ['https://ausculta.example:8443/', true],
    ['https://ausculta.example/ward', false],
    ['ausculta.example', false],
    ['ftp://ausculta.example', false],
  ] as const)
    assert.equal(readConfig({ AUSCULTA_PUBLIC_URL: url }).ok, ok, url);
});
