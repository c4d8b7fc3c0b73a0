import { ok, type Result } from '@ausculta/vitals/fault';
import type { Building } from './building.ts';
import { bits, hasBit, truncated } from './gatt-octets.ts';
import type { MdcNumber } from './mdc-float.ts';
import { type OctetReader, OctetWriter } from './octets.ts';

/** Glucose Measurement Context, 2A34: what belongs to the measurement of the same sequence number. */
export interface GlucoseContext {
  readonly sequence: number;
  readonly extendedFlags?: number;
  /** 1 breakfast, 2 lunch, 3 dinner, 4 snack, 5 drink, 6 supper, 7 brunch. */
  readonly carbohydrateId?: number;
  readonly carbohydrateKg?: MdcNumber;
  /** 1 before a meal, 2 after, 3 fasting, 4 casual, 5 bedtime. */
  readonly meal?: number;
  /** 1 self, 2 professional, 3 laboratory, 15 not available. */
  readonly tester?: number;
  /** 1 minor issue, 2 major issue, 3 menses, 4 stress, 5 none, 15 not available. */
  readonly health?: number;
  /** 65 535: longer than can be told. */
  readonly exerciseDurationS?: number;
  readonly exerciseIntensityPercent?: number;
  /** 1 rapid, 2 short, 3 intermediate, 4 long acting insulin, 5 pre-mixed. */
  readonly medicationId?: number;
  readonly medication?: MdcNumber;
  readonly medicationUnit?: 'kg' | 'L';
  readonly hba1cPercent?: MdcNumber;
}

export function decodeGlucoseContext(reader: OctetReader): Result<GlucoseContext> {
  const flags = reader.u8();
  const fields: Building<GlucoseContext> = { sequence: reader.u16() };
  if (hasBit(flags, 7)) fields.extendedFlags = reader.u8();
  if (hasBit(flags, 0)) {
    fields.carbohydrateId = reader.u8();
    fields.carbohydrateKg = reader.sfloat();
  }
  if (hasBit(flags, 1)) fields.meal = reader.u8();
  if (hasBit(flags, 2)) {
    const who = reader.u8();
    fields.tester = who & 0x0f;
    fields.health = who >> 4;
  }
  if (hasBit(flags, 3)) {
    fields.exerciseDurationS = reader.u16();
    fields.exerciseIntensityPercent = reader.u8();
  }
  if (hasBit(flags, 4)) {
    fields.medicationId = reader.u8();
    fields.medication = reader.sfloat();
    fields.medicationUnit = hasBit(flags, 5) ? 'L' : 'kg';
  }
  if (hasBit(flags, 6)) fields.hba1cPercent = reader.sfloat();
  return reader.isShort ? truncated() : ok(fields);
}

export function encodeGlucoseContext(fields: GlucoseContext): Uint8Array {
  const { extendedFlags, carbohydrateKg, meal, tester, health, exerciseDurationS } = fields;
  const { medication, hba1cPercent } = fields;
  const hasPeople = tester !== undefined || health !== undefined;
  const writer = new OctetWriter('little')
    .u8(
      bits(
        [0, carbohydrateKg !== undefined],
        [1, meal !== undefined],
        [2, hasPeople],
        [3, exerciseDurationS !== undefined],
        [4, medication !== undefined],
        [5, fields.medicationUnit === 'L'],
        [6, hba1cPercent !== undefined],
        [7, extendedFlags !== undefined],
      ),
    )
    .u16(fields.sequence);
  if (extendedFlags !== undefined) writer.u8(extendedFlags);
  if (carbohydrateKg !== undefined) writer.u8(fields.carbohydrateId ?? 0).sfloat(carbohydrateKg);
  if (meal !== undefined) writer.u8(meal);
  if (hasPeople) writer.u8(((health ?? 0) << 4) | ((tester ?? 0) & 0x0f));
  if (exerciseDurationS !== undefined) {
    writer.u16(exerciseDurationS).u8(fields.exerciseIntensityPercent ?? 0);
  }
  if (medication !== undefined) writer.u8(fields.medicationId ?? 0).sfloat(medication);
  if (hba1cPercent !== undefined) writer.sfloat(hba1cPercent);
  return writer.finish();
}
