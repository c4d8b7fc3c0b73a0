import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MqttUnderTest } from '../../../../../tests/support/mqtt-connections.ts';

test('a connection ends when the certificate that opened it does, and not before', async () => {
  await using door = await MqttUnderTest.open();
  door.certificateUntilMs = door.nowMs + 5_000;
  using peer = await door.signIn();
  door.last.look(door.certificateUntilMs - 1);
  assert.equal(door.ended, 0);
  door.last.look(door.certificateUntilMs);
  await peer.ended;
});
