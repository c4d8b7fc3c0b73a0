/**
 * Ids of Observations that are readings. They say which reading it is, so that nobody has to keep a
 * list of them: device, metric, epoch and stamp. Whose it is, is not among them: a re-attribution
 * changes no id. The device stands as a hash, since its own name may be longer than an id can be.
 */
import { sha256Hex } from './sha-256.ts';

export interface ReadingKey {
  /** `deviceTag` of the device. */
  readonly device: string;
  /** The metric's key, or "nibp" for a cuff's panel. */
  readonly name: string;
  readonly epoch: number;
  readonly stampMs: number;
}

/** 64 bits: with a million devices, two share one in 1 of 37 million installations. */
export function deviceTag(deviceId: string): string {
  return sha256Hex(deviceId).slice(0, 16);
}

/** 62 letters at most; FHIR allows 64, and the dots tell it from a document's id. */
export function readingId({ device, name, epoch, stampMs }: ReadingKey): string {
  return `${device}.${name}.${epoch.toString(36)}.${stampMs.toString(36)}`;
}

const READING_ID = /^([0-9a-f]{16})\.([a-z0-9-]{1,30})\.([0-9a-z]{1,6})\.(-?[0-9a-z]{1,9})$/;

/** Undefined for what is no id of a reading; whether there is such a reading is not known here. */
export function parseReadingId(id: string): ReadingKey | undefined {
  const [, device, name, epochText, stampText] = READING_ID.exec(id) ?? [];
  if (device === undefined || name === undefined) return undefined;
  const epoch = Number.parseInt(epochText ?? '', 36);
  const key = { device, name, epoch, stampMs: Number.parseInt(stampText ?? '', 36) };
  // One reading has one id: "-0" and leading zeros are other ways to write it.
  return readingId(key) === id ? key : undefined;
}
