import type { Building } from './building.ts';
import { components, field, type Hl7Delimiters, type Hl7Segment, plain } from './hl7-message.ts';
import { readHl7Time } from './hl7-time.ts';

/** One OBX as it was sent, with what it takes over from the rows above it. */
export interface Hl7Observation {
  readonly valueType: string;
  /** Raw OBX-3, OBX-5 and OBX-6: read where they are used. */
  readonly code: string;
  readonly subId: string;
  readonly value: string;
  readonly unit: string;
  /** OBX-7: "90-96", ">98". */
  readonly range: string;
  readonly flags: string;
  readonly status: string;
  readonly stampMs?: number;
  /** OBX-14 was given and is no time. */
  readonly hasBadTime?: true;
  readonly equipment?: string;
  readonly method: string;
}

/** One OBR with its observations: a set of measurements, an alert or an ordered test. */
export interface Hl7Order {
  readonly placerId: string;
  readonly fillerId: string;
  readonly code: string;
  readonly startMs?: number;
  readonly endMs?: number;
  /** OBR-29: the filler number of the message that this one follows. */
  readonly parentId: string;
  readonly observations: readonly Hl7Observation[];
}

/** Observations before any OBR, as in ADT, belong to an order without a name. */
export const NO_ORDER: Hl7Order = {
  placerId: '',
  fillerId: '',
  code: '',
  parentId: '',
  observations: [],
};

export class OrderReader {
  readonly #delimiters: Hl7Delimiters;
  readonly #utcOffsetMinutes: number;
  /** Times and devices of rows without a value, which stand for all rows below them. */
  readonly #rows = new Map<string, { stampMs?: number; equipment?: string }>();
  readonly orders: Hl7Order[] = [];
  #observations: Hl7Observation[] = [];
  #order: Hl7Order = NO_ORDER;
  #timeText = '';
  #timeMs: number | undefined;

  constructor(delimiters: Hl7Delimiters, utcOffsetMinutes: number) {
    this.#delimiters = delimiters;
    this.#utcOffsetMinutes = utcOffsetMinutes;
  }

  takeObr(obr: Hl7Segment): void {
    const delimiters = this.#delimiters;
    const startMs = this.#time(field(obr, 7));
    const endMs = this.#time(field(obr, 8));
    this.#observations = [];
    this.#rows.clear();
    const order: Building<Hl7Order> = {
      placerId: entityId(field(obr, 2), delimiters),
      fillerId: entityId(field(obr, 3), delimiters),
      code: field(obr, 4),
      parentId: parentId(field(obr, 29), delimiters),
      observations: this.#observations,
    };
    if (startMs !== undefined) order.startMs = startMs;
    if (endMs !== undefined) order.endMs = endMs;
    this.#order = order;
    this.orders.push(order);
  }

  takeObx(obx: Hl7Segment): void {
    if (this.#order === NO_ORDER) {
      this.#observations = [];
      this.#order = { ...NO_ORDER, observations: this.#observations };
      this.orders.push(this.#order);
    }
    const subId = field(obx, 4);
    const time = field(obx, 14);
    const own = time === '' ? undefined : this.#time(time);
    const value = field(obx, 5);
    const row = this.#rows.size > 0 ? this.#above(subId) : undefined;
    const equipment = field(obx, 18) || row?.equipment;
    const stampMs = own ?? row?.stampMs ?? this.#order.startMs;
    const observation: Building<Hl7Observation> = {
      valueType: field(obx, 2),
      code: field(obx, 3),
      subId,
      value,
      unit: field(obx, 6),
      range: field(obx, 7),
      flags: field(obx, 8),
      status: field(obx, 11),
      method: field(obx, 17),
    };
    if (stampMs !== undefined) observation.stampMs = stampMs;
    if (time !== '' && own === undefined) observation.hasBadTime = true;
    if (equipment) observation.equipment = equipment;
    this.#observations.push(observation);
    if (value === '' && subId !== '' && (own !== undefined || equipment)) {
      this.#rows.set(rowKey(subId), {
        ...(own !== undefined && { stampMs: own }),
        ...(equipment && { equipment }),
      });
    }
  }

  /** The nearest row above: "1.2.1" and "1.2.1.0" both stand over "1.2.1.5". */
  #above(subId: string): { stampMs?: number; equipment?: string } | undefined {
    const found: { stampMs?: number; equipment?: string } = {};
    let key = rowKey(subId);
    for (let depth = 0; depth < DEPTH_MAX; depth++) {
      const dot = key.lastIndexOf('.');
      if (dot < 0) break;
      key = key.slice(0, dot);
      const row = this.#rows.get(key);
      if (row?.stampMs !== undefined) found.stampMs ??= row.stampMs;
      if (row?.equipment !== undefined) found.equipment ??= row.equipment;
    }
    return found;
  }

  #time(raw: string): number | undefined {
    if (raw === '') return undefined;
    // All rows of a monitor's message were measured at the same moment.
    if (raw !== this.#timeText) {
      this.#timeText = raw;
      this.#timeMs = this.#readTime(raw);
    }
    return this.#timeMs;
  }

  #readTime(raw: string): number | undefined {
    const text = components(raw, this.#delimiters)[0] ?? '';
    return readHl7Time(text, this.#utcOffsetMinutes)?.stampMs;
  }
}

/** Device, sub-device, channel, metric, facet and some to spare. */
const DEPTH_MAX = 8;

/** Trailing zeros only fill a dotted id up: "1.2.0.0" is the sub-device 1.2. */
function rowKey(subId: string): string {
  let key = subId;
  while (key.endsWith('.0')) key = key.slice(0, -2);
  return key;
}

/** An EI with its namespace, "1^GATEWAY": some makers' first part is 0 for every alert they send. */
function entityId(raw: string, delimiters: Hl7Delimiters): string {
  const [id = '', namespace = ''] = components(raw, delimiters);
  return joinEntity(plain(id, delimiters), plain(namespace, delimiters));
}

/** OBR-29 is a pair of EI, each with its parts one level down; some write only one EI, or one text. */
function parentId(raw: string, delimiters: Hl7Delimiters): string {
  const [placer = '', filler = ''] = components(raw, delimiters);
  const [id = '', namespace = ''] = (filler || placer).split(delimiters.subcomponent);
  return joinEntity(plain(id, delimiters), plain(namespace, delimiters));
}

function joinEntity(id: string, namespace: string): string {
  return namespace === '' ? id : `${id}^${namespace}`;
}
