import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressKey } from './address-key.ts';

const CASES = [
  { address: '192.0.2.7', key: '192.0.2.7' },
  { address: '::ffff:192.0.2.7', key: '192.0.2.7' },
  { address: '2001:db8:1:2:3:4:5:6', key: '2001:db8:1:2' },
  { address: '2001:db8:1:2::1', key: '2001:db8:1:2' },
  { address: '2001:0DB8:0001:0002::', key: '2001:db8:1:2' },
  { address: '2001:db8::1', key: '2001:db8:0:0' },
  { address: 'fe80::1%eth0', key: 'fe80:0:0:0' },
  { address: '::1', key: '0:0:0:0' },
  { address: '', key: '' },
] as const;

for (const { address, key } of CASES) {
  test(`${address || 'no address'} is counted as ${key || 'none'}`, () => {
    assert.equal(addressKey(address), key);
  });
}
