import { type Fault, fail, ok, type Result } from '@ausculta/vitals/fault';
import type { Building } from './building.ts';
import { crc16 } from './crc-16.ts';
import type { PartFault } from './decoded.ts';
import { bits, hasBit, TRUNCATED } from './gatt-octets.ts';
import type { MdcNumber } from './mdc-float.ts';
import { OctetReader, OctetWriter } from './octets.ts';

/** One record of a CGM Measurement, 2AA7, of the service 181F. */
export interface CgmRecord {
  /** mg/dL. */
  readonly concentration: MdcNumber;
  /** Minutes since the start of the session, which 2AAA tells. */
  readonly timeOffsetMin: number;
  /** Bits of CGM_STATUS. */
  readonly sensorStatus?: number;
  /**
   * Bits: 0 time to be set, 1 calibration not allowed, 2 recommended, 3 required, 4 sensor too warm,
   * 5 too cold.
   */
  readonly calTemp?: number;
  /** Bits of CGM_WARNING. */
  readonly warning?: number;
  /** mg/dL a minute. */
  readonly trend?: MdcNumber;
  /** Per cent. */
  readonly quality?: MdcNumber;
  readonly e2eCrc?: number;
}

export interface CgmMeasurement {
  readonly records: readonly CgmRecord[];
  /** Records of the same notification that could not be read. */
  readonly faults?: readonly PartFault[];
}

export const CGM_STATUS = {
  SESSION_STOPPED: 1 << 0,
  BATTERY_LOW: 1 << 1,
  SENSOR_TYPE_INCORRECT: 1 << 2,
  SENSOR_MALFUNCTION: 1 << 3,
  DEVICE_ALERT: 1 << 4,
  DEVICE_FAULT: 1 << 5,
} as const;

export const CGM_WARNING = {
  BELOW_PATIENT_LOW: 1 << 0,
  ABOVE_PATIENT_HIGH: 1 << 1,
  BELOW_HYPO: 1 << 2,
  ABOVE_HYPER: 1 << 3,
  FALLING_FAST: 1 << 4,
  RISING_FAST: 1 << 5,
  BELOW_DEVICE_RANGE: 1 << 6,
  ABOVE_DEVICE_RANGE: 1 << 7,
} as const;

/** Size, flags, concentration and time offset. */
const RECORD_OCTETS_MIN = 6;

export const CRC_WRONG = 'the E2E-CRC is wrong';

/**
 * Several records may share one notification, each with its size before it. A broken record whose
 * size still leads to the next costs only itself; where the sizes lead astray the rest is lost.
 */
export function decodeCgm(reader: OctetReader): Result<CgmMeasurement> {
  const { bytes } = reader;
  const records: CgmRecord[] = [];
  const faults: PartFault[] = [];
  let index = 0;
  for (let from = 0; from < bytes.length; index++) {
    const size = bytes[from] as number;
    if (size < RECORD_OCTETS_MIN || from + size > bytes.length) {
      faults.push({ index, fault: { code: 'PAYLOAD_MALFORMED', detail: TRUNCATED } });
      break;
    }
    const record = readRecord(bytes, from, size);
    if (record.ok) records.push(record.value);
    else faults.push({ index, fault: record.fault });
    from += size;
  }
  if (records.length === 0) return { ok: false, fault: firstFault(faults) };
  return ok(faults.length === 0 ? { records } : { records, faults });
}

function firstFault(faults: readonly PartFault[]): Fault {
  return faults[0]?.fault ?? { code: 'PAYLOAD_MALFORMED', detail: TRUNCATED };
}

function readRecord(bytes: Uint8Array, from: number, size: number): Result<CgmRecord> {
  const reader = new OctetReader(bytes, 'little', from + 1, from + size);
  const flags = reader.u8();
  const record: Building<CgmRecord> = {
    concentration: reader.sfloat(),
    timeOffsetMin: reader.u16(),
  };
  if (hasBit(flags, 7)) record.sensorStatus = reader.u8();
  if (hasBit(flags, 6)) record.calTemp = reader.u8();
  if (hasBit(flags, 5)) record.warning = reader.u8();
  if (hasBit(flags, 0)) record.trend = reader.sfloat();
  if (hasBit(flags, 1)) record.quality = reader.sfloat();
  if (reader.isShort) return fail('PAYLOAD_MALFORMED', TRUNCATED);
  if (reader.left === 2) {
    const expected = crc16(bytes, from, reader.at);
    record.e2eCrc = reader.u16();
    if (record.e2eCrc !== expected) return fail('PAYLOAD_MALFORMED', CRC_WRONG);
  } else if (reader.left !== 0) {
    return fail('PAYLOAD_MALFORMED', 'the size of a record contradicts its flags');
  }
  return ok(record);
}

/** Writes the records; one whose `e2eCrc` is set gets a checksum, which is computed anew. */
export function encodeCgm({ records }: CgmMeasurement): Uint8Array {
  return new OctetWriter('little')
    .bytes(records.flatMap((record) => [...writeRecord(record)]))
    .finish();
}

function writeRecord(record: CgmRecord): Uint8Array {
  const { sensorStatus, calTemp, warning, trend, quality, e2eCrc } = record;
  const body = new OctetWriter('little')
    .u8(
      bits(
        [0, trend !== undefined],
        [1, quality !== undefined],
        [5, warning !== undefined],
        [6, calTemp !== undefined],
        [7, sensorStatus !== undefined],
      ),
    )
    .sfloat(record.concentration)
    .u16(record.timeOffsetMin);
  for (const octet of [sensorStatus, calTemp, warning]) if (octet !== undefined) body.u8(octet);
  if (trend !== undefined) body.sfloat(trend);
  if (quality !== undefined) body.sfloat(quality);
  const size = 1 + body.length + (e2eCrc === undefined ? 0 : 2);
  const whole = new OctetWriter('little').u8(size).bytes(body.finish());
  return e2eCrc === undefined ? whole.finish() : appendCrc(whole.finish());
}

export function appendCrc(bytes: Uint8Array): Uint8Array {
  return new OctetWriter('little')
    .bytes(bytes)
    .u16(crc16(bytes, 0, bytes.length))
    .finish();
}
