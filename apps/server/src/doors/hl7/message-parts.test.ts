import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHl7 } from '@ausculta/codecs/hl7';
import { parseHl7 } from '@ausculta/codecs/hl7-message';
import type { DeviceId, OrganisationId } from '@ausculta/vitals/identity';
import { RegisteredDevice } from '../../devices/known-device.ts';
import { partsOf } from './message-parts.ts';
import { readSenders } from './senders.ts';

test('thousands of numbers beside thousands of values are looked at once, not once for each value', () => {
  const obx = 'OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1|80|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R\r';
  const head = 'MSH|^~\\&|A|W|||20261121||ORU^R01^ORU_R01|1|P|2.6\r';
  const text = `${head}PID|||${'1~'.repeat(9_000)}\rOBR|1|||x|||20261121\r${obx.repeat(1_000)}`;
  const parsed = parseHl7(new TextEncoder().encode(text));
  const decoded = parsed.ok ? readHl7(parsed.value, {}) : parsed;
  assert.ok(decoded.ok);
  let asked = 0;
  const own = new RegisteredDevice({
    id: 'own' as DeviceId,
    organisationId: 'o' as OrganisationId,
    model: 'unknown',
    tokenHash: new Uint8Array(32),
  });
  const listed = { application: 'A', device: 'own', addresses: ['127.0.0.1'] };
  const senders = readSenders(JSON.stringify({ senders: [listed] }));
  const sender = typeof senders === 'string' ? undefined : senders[0];
  assert.ok(sender !== undefined);
  const isMeant = (): boolean => {
    asked += 1;
    return true;
  };
  const nobody = () => undefined;
  const context = { own, sender, isMeant, deviceById: nobody, deviceOfBed: nobody };
  const [part] = partsOf(decoded.value, context);
  assert.equal(part?.decoded.kind === 'readings' ? part.decoded.readings.length : 0, 1_000);
  assert.equal(asked, 1);
});
