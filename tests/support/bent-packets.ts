/** MQTT packets that nobody meant: right ones, bent at random from one seed. */
import { mulberry32 } from './device-streams.ts';
import {
  connectPacket,
  field,
  lengthBytes,
  packet,
  publishPacket,
  subscribePacket,
  uint16,
} from './mqtt-bytes.ts';

const KINDS = ['readings', 'events', 'waveforms', 'enrolment'];

/** About a device of this name, by somebody who does not know its token. */
export function bentPackets(seed: number, deviceId: string): () => Buffer {
  const random = mulberry32(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const bytes = (count: number): Buffer =>
    Buffer.from(Array.from({ length: count }, () => below(256)));

  /** A right packet, as somebody without a token could send it. */
  function right(): Buffer {
    const topic = `devices/${deviceId}/${KINDS[below(KINDS.length)]}`;
    switch (below(6)) {
      case 0:
        return publishPacket({ topic, qos: 1, packetId: 1 + below(9), payload: bytes(below(40)) });
      case 1:
        return subscribePacket(1 + below(9), topic, '#', '+/+/readings');
      case 2:
        return packet(0x62, uint16(below(4)));
      case 3:
        return packet([0x40, 0x50, 0x70, 0x90, 0xe0][below(5)] ?? 0, uint16(1));
      default: {
        const will = below(2) === 0 ? {} : { will: { topic, payload: 'gone' } };
        return connectPacket({
          username: deviceId,
          password: 'guessed',
          keepAliveS: below(9),
          ...will,
        });
      }
    }
  }

  /** In one of the ways in which bytes go wrong. */
  function bent(): Buffer {
    const whole = right();
    const at = below(whole.length);
    switch (below(7)) {
      case 0:
        return whole.subarray(0, at);
      case 1:
        return Buffer.concat([whole.subarray(0, at), bytes(1 + below(8)), whole.subarray(at)]);
      case 2:
        return Buffer.concat([
          whole.subarray(0, 1),
          lengthBytes(below(300_000_000) % 268_435_455),
          whole.subarray(2),
        ]);
      case 3:
        return Buffer.concat([whole, right()]);
      case 4:
        return bytes(1 + below(60));
      case 5:
        return packet(below(256), field(bytes(below(20))), bytes(below(20)));
      default: {
        const flipped = Buffer.from(whole);
        for (let i = 0; i <= below(3); i += 1) flipped[below(whole.length)] = below(256);
        return flipped;
      }
    }
  }

  return bent;
}
