import { fail, type Result } from '@ausculta/vitals/fault';
import type { Building } from './building.ts';
import { appendCrc } from './gatt-cgm.ts';
import { endWithCrc } from './gatt-cgm-session.ts';
import { truncated } from './gatt-octets.ts';
import type { MdcNumber } from './mdc-float.ts';
import { type OctetReader, OctetWriter } from './octets.ts';

/** CGM Specific Ops Control Point, 2AAC: a request to the device, or its answer. */
export interface CgmControl {
  readonly opCode: number;
  readonly operation: string;
  /** Communication interval; 0 switches it off, 255 asks for the fastest. */
  readonly intervalMin?: number;
  readonly calibration?: CgmCalibration;
  /** Which calibration record is asked for; 65 535 is the last. */
  readonly calibrationRecord?: number;
  /** An alert level in mg/dL, or a rate in mg/dL a minute. */
  readonly level?: MdcNumber;
  readonly requestCode?: number;
  /** 1 success, 2 not supported, 3 invalid operand, 4 not completed, 5 out of range. */
  readonly responseCode?: number;
  readonly e2eCrc?: number;
}

export interface CgmCalibration {
  /** mg/dL. */
  readonly concentration: MdcNumber;
  readonly timeOffsetMin: number;
  readonly type: number;
  readonly location: number;
  readonly nextCalibrationMin: number;
  readonly recordNumber: number;
  readonly status: number;
}

type Operand = 'none' | 'interval' | 'calibration' | 'record' | 'level' | 'response';

interface Operation {
  readonly operation: string;
  readonly operand: Operand;
  readonly from: 'collector' | 'device';
}

const OPERATIONS = new Map<number, Operation>([
  [0x01, { operation: 'set-interval', operand: 'interval', from: 'collector' }],
  [0x02, { operation: 'get-interval', operand: 'none', from: 'collector' }],
  [0x03, { operation: 'interval', operand: 'interval', from: 'device' }],
  [0x04, { operation: 'set-calibration', operand: 'calibration', from: 'collector' }],
  [0x05, { operation: 'get-calibration', operand: 'record', from: 'collector' }],
  [0x06, { operation: 'calibration', operand: 'calibration', from: 'device' }],
  [0x19, { operation: 'reset-device-alert', operand: 'none', from: 'collector' }],
  [0x1a, { operation: 'start-session', operand: 'none', from: 'collector' }],
  [0x1b, { operation: 'stop-session', operand: 'none', from: 'collector' }],
  [0x1c, { operation: 'response', operand: 'response', from: 'device' }],
]);

const LEVELS = [
  'patient-high',
  'patient-low',
  'hypo',
  'hyper',
  'rate-of-decrease',
  'rate-of-increase',
] as const;
for (const [index, level] of LEVELS.entries()) {
  const opCode = 0x07 + 3 * index;
  OPERATIONS.set(opCode, { operation: `set-${level}`, operand: 'level', from: 'collector' });
  OPERATIONS.set(opCode + 1, { operation: `get-${level}`, operand: 'none', from: 'collector' });
  OPERATIONS.set(opCode + 2, { operation: level, operand: 'level', from: 'device' });
}

/** What a device indicates. */
export function decodeCgmResponse(reader: OctetReader): Result<CgmControl> {
  return decode(reader, 'device');
}

/** What a collector writes; for simulators. */
export function decodeCgmRequest(reader: OctetReader): Result<CgmControl> {
  return decode(reader, 'collector');
}

function decode(reader: OctetReader, from: Operation['from']): Result<CgmControl> {
  const opCode = reader.u8();
  if (reader.isShort) return truncated();
  const known = OPERATIONS.get(opCode);
  if (known?.from !== from) return fail('PAYLOAD_MALFORMED', 'an op code of no meaning here');
  const fields: Building<CgmControl> = { opCode, operation: known.operation };
  readOperand(reader, known.operand, fields);
  return endWithCrc<CgmControl>(reader, fields);
}

function readOperand(reader: OctetReader, operand: Operand, fields: Building<CgmControl>): void {
  switch (operand) {
    case 'none':
      return;
    case 'interval':
      fields.intervalMin = reader.u8();
      return;
    case 'record':
      fields.calibrationRecord = reader.u16();
      return;
    case 'level':
      fields.level = reader.sfloat();
      return;
    case 'response':
      fields.requestCode = reader.u8();
      fields.responseCode = reader.u8();
      return;
    case 'calibration':
      fields.calibration = readCalibration(reader);
      return;
    default:
      operand satisfies never;
  }
}

function readCalibration(reader: OctetReader): CgmCalibration {
  const concentration = reader.sfloat();
  const timeOffsetMin = reader.u16();
  const sample = reader.u8();
  return {
    concentration,
    timeOffsetMin,
    type: sample & 0x0f,
    location: sample >> 4,
    nextCalibrationMin: reader.u16(),
    recordNumber: reader.u16(),
    status: reader.u8(),
  };
}

/** Writes requests and answers alike: the op code says which it is. */
export function encodeCgmControl(fields: Omit<CgmControl, 'operation'>): Uint8Array {
  const { opCode, intervalMin, calibration, calibrationRecord, level, requestCode } = fields;
  const writer = new OctetWriter('little').u8(opCode);
  if (intervalMin !== undefined) writer.u8(intervalMin);
  if (calibration !== undefined) {
    writer.sfloat(calibration.concentration).u16(calibration.timeOffsetMin);
    writer.u8((calibration.location << 4) | (calibration.type & 0x0f));
    writer.u16(calibration.nextCalibrationMin).u16(calibration.recordNumber);
    writer.u8(calibration.status);
  }
  if (calibrationRecord !== undefined) writer.u16(calibrationRecord);
  if (level !== undefined) writer.sfloat(level);
  if (requestCode !== undefined) writer.u8(requestCode).u8(fields.responseCode ?? 1);
  return fields.e2eCrc === undefined ? writer.finish() : appendCrc(writer.finish());
}
