import { type OctetReader, OctetWriter } from './octets.ts';
import { type PhdAttribute, readAttributes, writeAttributes } from './phd-attribute.ts';
import { type PhdEvent, readEvent, writeEvent } from './phd-event.ts';

/** What a DATA APDU carries: an operation on an object, or the answer to one. */
export type PhdMessage =
  | {
      readonly kind: 'event-report';
      readonly isConfirmed: boolean;
      readonly handle: number;
      /** Relative time of the agent in 1/8 ms; 0xFFFFFFFF: not supported. */
      readonly eventTime: number;
      readonly eventType: number;
      readonly event: PhdEvent;
    }
  | {
      readonly kind: 'event-response';
      readonly handle: number;
      readonly currentTime: number;
      readonly eventType: number;
      readonly reply: Uint8Array;
    }
  | { readonly kind: 'get'; readonly handle: number; readonly attributeIds: readonly number[] }
  | {
      readonly kind: 'get-response' | 'set-response';
      readonly handle: number;
      readonly attributes: readonly PhdAttribute[];
    }
  | {
      readonly kind: 'set';
      readonly isConfirmed: boolean;
      readonly handle: number;
      readonly changes: readonly (PhdAttribute & { readonly operator: number })[];
    }
  | {
      readonly kind: 'action';
      readonly isConfirmed: boolean;
      readonly handle: number;
      readonly actionType: number;
      readonly info: Uint8Array;
    }
  | {
      readonly kind: 'action-response';
      readonly handle: number;
      readonly actionType: number;
      readonly info: Uint8Array;
    }
  | { readonly kind: 'error'; readonly error: number; readonly parameter: Uint8Array }
  | { readonly kind: 'reject'; readonly problem: number };

const CHOICE = {
  EVENT: 0x0100,
  CONFIRMED_EVENT: 0x0101,
  GET: 0x0103,
  SET: 0x0104,
  CONFIRMED_SET: 0x0105,
  ACTION: 0x0106,
  CONFIRMED_ACTION: 0x0107,
  EVENT_RESPONSE: 0x0201,
  GET_RESPONSE: 0x0203,
  SET_RESPONSE: 0x0205,
  ACTION_RESPONSE: 0x0207,
  ERROR: 0x0300,
  REJECT: 0x0400,
} as const;

/** Undefined when the form is broken; what a reader lacks it remembers itself. */
export function readMessage(choice: number, body: OctetReader): PhdMessage | undefined {
  const message = readByChoice(choice, body);
  return body.isShort || body.left > 0 ? undefined : message;
}

function readByChoice(choice: number, body: OctetReader): PhdMessage | undefined {
  switch (choice) {
    case CHOICE.EVENT:
    case CHOICE.CONFIRMED_EVENT:
      return readEventReport(body, choice === CHOICE.CONFIRMED_EVENT);
    case CHOICE.EVENT_RESPONSE: {
      const [handle, currentTime, eventType] = [body.u16(), body.u32(), body.u16()];
      return {
        kind: 'event-response',
        handle,
        currentTime,
        eventType,
        reply: body.string().rest(),
      };
    }
    case CHOICE.GET: {
      const handle = body.u16();
      const attributeIds = body.list((element) => element.u16());
      return attributeIds && { kind: 'get', handle, attributeIds };
    }
    case CHOICE.GET_RESPONSE:
    case CHOICE.SET_RESPONSE: {
      const handle = body.u16();
      const attributes = readAttributes(body);
      const kind = choice === CHOICE.GET_RESPONSE ? 'get-response' : 'set-response';
      return attributes && { kind, handle, attributes };
    }
    case CHOICE.SET:
    case CHOICE.CONFIRMED_SET: {
      const handle = body.u16();
      const changes = body.list((element) => {
        const operator = element.u16();
        return { operator, id: element.u16(), value: element.string().rest() };
      });
      return (
        changes && { kind: 'set', isConfirmed: choice === CHOICE.CONFIRMED_SET, handle, changes }
      );
    }
    case CHOICE.ACTION:
    case CHOICE.CONFIRMED_ACTION:
    case CHOICE.ACTION_RESPONSE:
      return readAction(choice, body);
    case CHOICE.ERROR:
      return { kind: 'error', error: body.u16(), parameter: body.string().rest() };
    case CHOICE.REJECT:
      return { kind: 'reject', problem: body.u16() };
    default:
      return undefined;
  }
}

function readEventReport(body: OctetReader, isConfirmed: boolean): PhdMessage | undefined {
  const [handle, eventTime, eventType] = [body.u16(), body.u32(), body.u16()];
  const info = body.string();
  const event = readEvent(eventType, info);
  return event && { kind: 'event-report', isConfirmed, handle, eventTime, eventType, event };
}

function readAction(choice: number, body: OctetReader): PhdMessage {
  const [handle, actionType] = [body.u16(), body.u16()];
  const info = body.string().rest();
  if (choice === CHOICE.ACTION_RESPONSE)
    return { kind: 'action-response', handle, actionType, info };
  const isConfirmed = choice === CHOICE.CONFIRMED_ACTION;
  return { kind: 'action', isConfirmed, handle, actionType, info };
}

export function writeMessage(message: PhdMessage): { choice: number; bytes: Uint8Array } {
  const writer = new OctetWriter('big');
  const choice = writeByKind(writer, message);
  return { choice, bytes: writer.finish() };
}

function writeByKind(writer: OctetWriter, message: PhdMessage): number {
  switch (message.kind) {
    case 'event-report':
      writer.u16(message.handle).u32(message.eventTime).u16(message.eventType);
      writer.string(writeEvent(message.event));
      return message.isConfirmed ? CHOICE.CONFIRMED_EVENT : CHOICE.EVENT;
    case 'event-response':
      writer.u16(message.handle).u32(message.currentTime).u16(message.eventType);
      writer.string(message.reply);
      return CHOICE.EVENT_RESPONSE;
    case 'get':
      writer.u16(message.handle).list(message.attributeIds, (into, id) => into.u16(id));
      return CHOICE.GET;
    case 'get-response':
    case 'set-response':
      writeAttributes(writer.u16(message.handle), message.attributes);
      return message.kind === 'get-response' ? CHOICE.GET_RESPONSE : CHOICE.SET_RESPONSE;
    case 'set':
      writer.u16(message.handle).list(message.changes, (into, { operator, id, value }) => {
        into.u16(operator).u16(id).string(value);
      });
      return message.isConfirmed ? CHOICE.CONFIRMED_SET : CHOICE.SET;
    case 'action':
      writer.u16(message.handle).u16(message.actionType).string(message.info);
      return message.isConfirmed ? CHOICE.CONFIRMED_ACTION : CHOICE.ACTION;
    case 'action-response':
      writer.u16(message.handle).u16(message.actionType).string(message.info);
      return CHOICE.ACTION_RESPONSE;
    case 'error':
      writer.u16(message.error).string(message.parameter);
      return CHOICE.ERROR;
    case 'reject':
      writer.u16(message.problem);
      return CHOICE.REJECT;
    default:
      return message satisfies never;
  }
}
