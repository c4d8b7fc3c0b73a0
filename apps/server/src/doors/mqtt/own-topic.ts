/** The topics on which a device speaks: `devices/{id}/{kind}`, and no other device's. */
import type { RegisteredDevice } from '../../devices/known-device.ts';
import { MESSAGE_KINDS, type MessageKind } from '../decode.ts';

const KINDS: ReadonlyMap<string, MessageKind> = new Map(MESSAGE_KINDS.map((kind) => [kind, kind]));
const TOPICS = 'devices/';

/** What a device sends to a topic; undefined where the topic is not its own. */
export function kindOf(topic: string, { id }: RegisteredDevice): MessageKind | undefined {
  const at = TOPICS.length + id.length;
  const isOwn =
    topic.startsWith(TOPICS) && topic.startsWith(id, TOPICS.length) && topic[at] === '/';
  return isOwn ? KINDS.get(topic.slice(at + 1)) : undefined;
}
