import { fail, ok, type Result } from '@ausculta/vitals/fault';
import { OctetReader, OctetWriter } from './octets.ts';
import { type PhdAttribute, readAttributes, writeAttributes } from './phd-attribute.ts';
import { type PhdMessage, readMessage, writeMessage } from './phd-message.ts';

/** IEEE 11073-20601, annex A: what an agent (device) and a manager say to each other. */
export type PhdApdu =
  | { readonly kind: 'association-request'; readonly request: PhdAssociation | undefined }
  | {
      readonly kind: 'association-response';
      readonly result: number;
      readonly response: PhdAssociation | undefined;
    }
  | { readonly kind: 'release-request'; readonly reason: number }
  | { readonly kind: 'release-response'; readonly reason: number }
  | { readonly kind: 'abort'; readonly reason: number }
  | { readonly kind: 'data'; readonly invokeId: number; readonly message: PhdMessage };

/** PhdAssociationInformation, of an agent or of a manager. */
export interface PhdAssociation {
  readonly protocolVersion: number;
  /** MDER is bit 0 of sixteen: 0x8000. */
  readonly encodingRules: number;
  readonly nomenclatureVersion: number;
  readonly functionalUnits: number;
  /** 0x00800000 agent, 0x80000000 manager. */
  readonly systemType: number;
  /** EUI-64 in hexadecimal. */
  readonly systemId: string;
  readonly configId: number;
  readonly dataRequestMode: number;
  readonly agentInitiated: number;
  readonly managerInitiated: number;
  readonly options: readonly PhdAttribute[];
}

const AARQ = 0xe200;
const AARE = 0xe300;
const RLRQ = 0xe400;
const RLRE = 0xe500;
const ABRT = 0xe600;
const PRST = 0xe700;

export const PROTOCOL_20601 = 20_601;
export const MDER = 0x8000;
export const AGENT = 0x0080_0000;
export const MANAGER = 0x8000_0000;
const ASSOCIATION_VERSION = 0x8000_0000;

/** Choice and length before every APDU. */
export const PHD_HEADER_OCTETS = 4;
/** Section 6.5: agents need take no more than this, and send no more. */
export const PHD_OCTETS_MAX = 64_512;

export function decodePhd(bytes: Uint8Array): Result<PhdApdu> {
  const reader = new OctetReader(bytes, 'big');
  const choice = reader.u16();
  const length = reader.u16();
  if (length !== reader.left && !(choice === PRST && isWholeString(reader))) {
    return malformed(
      length > reader.left ? 'shorter than its length says' : 'longer than its length says',
    );
  }
  const body = reader.part(reader.left);
  const apdu = readApdu(choice, body);
  if (body.isShort) return malformed('shorter than its fields need');
  return apdu;
}

/**
 * A DATA APDU says its length three times. Traces of devices have one of them wrong; where the string
 * that holds the data fills all there is, nothing is in doubt.
 */
function isWholeString({ bytes, at, end }: OctetReader): boolean {
  return new OctetReader(bytes, 'big', at, end).u16() === end - at - 2;
}

function readApdu(choice: number, body: OctetReader): Result<PhdApdu> {
  switch (choice) {
    case AARQ:
      return readRequest(body);
    case AARE: {
      const result = body.u16();
      const protocol = body.u16();
      const response = readAssociation(body.string(), protocol);
      return ok({ kind: 'association-response', result, response });
    }
    case RLRQ:
      return ok({ kind: 'release-request', reason: body.u16() });
    case RLRE:
      return ok({ kind: 'release-response', reason: body.u16() });
    case ABRT:
      return ok({ kind: 'abort', reason: body.u16() });
    case PRST:
      return readData(body.string());
    default:
      return malformed('no APDU of 20601');
  }
}

function readRequest(body: OctetReader): Result<PhdApdu> {
  const version = body.u32();
  if ((version & ASSOCIATION_VERSION) === 0) return malformed('an unknown association version');
  const protocols = body.list((element) => {
    const protocol = element.u16();
    return readAssociation(element.string(), protocol);
  });
  if (protocols === undefined) return malformed('a list contradicts itself');
  const request = protocols.find((protocol) => protocol !== undefined);
  return ok({ kind: 'association-request', request });
}

function readAssociation(info: OctetReader, protocol: number): PhdAssociation | undefined {
  if (protocol !== PROTOCOL_20601 || info.left === 0) return undefined;
  const association = {
    protocolVersion: info.u32(),
    encodingRules: info.u16(),
    nomenclatureVersion: info.u32(),
    functionalUnits: info.u32(),
    systemType: info.u32(),
    systemId: hex(info.string().rest()),
    configId: info.u16(),
    dataRequestMode: info.u16(),
    agentInitiated: info.u8(),
    managerInitiated: info.u8(),
    options: readAttributes(info) ?? [],
  };
  return info.isShort ? undefined : association;
}

/** A DATA APDU without the presentation's wrapping, as some traces keep it. */
export function decodePhdData(bytes: Uint8Array): Result<PhdApdu> {
  return readData(new OctetReader(bytes, 'big'));
}

function readData(data: OctetReader): Result<PhdApdu> {
  const invokeId = data.u16();
  const choice = data.u16();
  // The third length; the string around it has said where the message ends.
  data.u16();
  const body = data.part(data.left);
  if (data.isShort) return malformed('shorter than its length says');
  const message = readMessage(choice, body);
  if (message === undefined) return malformed('a message of no known form');
  return ok({ kind: 'data', invokeId, message });
}

export function encodePhd(apdu: PhdApdu): Uint8Array {
  const body = new OctetWriter('big');
  const finish = (choice: number) =>
    new OctetWriter('big').u16(choice).string(body.finish()).finish();
  switch (apdu.kind) {
    case 'association-request': {
      const { request } = apdu;
      body.u32(ASSOCIATION_VERSION).list(request === undefined ? [] : [request], (into, each) => {
        into.u16(PROTOCOL_20601).string(writeAssociation(each));
      });
      return finish(AARQ);
    }
    case 'association-response': {
      const { response } = apdu;
      body.u16(apdu.result).u16(response === undefined ? 0 : PROTOCOL_20601);
      body.string(response === undefined ? new Uint8Array() : writeAssociation(response));
      return finish(AARE);
    }
    case 'release-request':
      body.u16(apdu.reason);
      return finish(RLRQ);
    case 'release-response':
      body.u16(apdu.reason);
      return finish(RLRE);
    case 'abort':
      body.u16(apdu.reason);
      return finish(ABRT);
    case 'data': {
      const { choice, bytes } = writeMessage(apdu.message);
      body.string(new OctetWriter('big').u16(apdu.invokeId).u16(choice).string(bytes).finish());
      return finish(PRST);
    }
    default:
      return apdu satisfies never;
  }
}

function writeAssociation(association: PhdAssociation): Uint8Array {
  const writer = new OctetWriter('big')
    .u32(association.protocolVersion)
    .u16(association.encodingRules)
    .u32(association.nomenclatureVersion)
    .u32(association.functionalUnits)
    .u32(association.systemType)
    .string(unhex(association.systemId))
    .u16(association.configId)
    .u16(association.dataRequestMode)
    .u8(association.agentInitiated)
    .u8(association.managerInitiated);
  writeAttributes(writer, association.options);
  return writer.finish();
}

export function hex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text.toUpperCase();
}

export function unhex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (octet) => Number.parseInt(octet, 16));
}

function malformed(detail: string): Result<never> {
  return fail('PAYLOAD_MALFORMED', detail);
}
