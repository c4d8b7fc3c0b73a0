/** A bed as PV1-3 names it. Two feeds mean the same bed when all four parts are the same. */
export interface Bed {
  readonly unit: string;
  readonly room: string;
  readonly bed: string;
  readonly facility: string;
}

/** An identity's ward and bed are as long at most. */
const WARD_LENGTH = 50;
const BED_LENGTH = 20;

/** Only a place that holds one person: a unit or a room alone may hold many. */
export function isBed(place: Bed | undefined): place is Bed {
  return place !== undefined && place.bed.trim() !== '';
}

/** Case and blanks at the ends are how somebody typed it. */
export function bedKey({ unit, room, bed, facility }: Bed): string {
  return JSON.stringify([facility, unit, room, bed].map((part) => part.trim().toUpperCase()));
}

/** "Bed 7"; a name that says already what it is stands alone. */
export function bedName({ bed }: Bed): string {
  const name = bed.trim();
  return /^bed\b/i.test(name) ? name : `Bed ${name}`;
}

/** Where an identity says that somebody lies. */
export function placeOf({ unit, bed }: Bed): { ward?: string; bed?: string } {
  const ward = unit.trim().slice(0, WARD_LENGTH);
  const name = bed.trim().slice(0, BED_LENGTH);
  return { ...(ward !== '' && { ward }), ...(name !== '' && { bed: name }) };
}

/**
 * The id of the device that stands for a bed where a gateway names none: readable, and another for
 * each bed. What an id cannot hold is told apart by a digest.
 */
export function bedDeviceId(gateway: string, place: Bed, digest: (text: string) => string): string {
  const { unit, room, bed } = place;
  const words = [unit, room, bed].map((part) => part.trim().replaceAll(/[^A-Za-z0-9-]+/g, '-'));
  const readable = [gateway.slice(0, 20), ...words.filter((word) => word !== '')].join('.');
  return `${readable.slice(0, 50)}.${digest(bedKey(place)).slice(0, 12)}`;
}
