/**
 * What devices hear of each other, as it happens: each reading and event once the log has it, to whoever
 * listens and still may. What is no longer granted ends by closing the connection: a device that hears
 * nothing could take silence for no news.
 */
import { encodeEventsJson } from '@ausculta/codecs/events-json';
import { encodePlainJson } from '@ausculta/codecs/plain-json';
import type { SubjectId } from '@ausculta/vitals/identity';
import type { ReadLog } from '../audit/read-log.ts';
import type { RegisteredDevice } from '../devices/known-device.ts';
import type { Arrival } from '../line/consume.ts';
import type { EventEntry } from '../line/entry.ts';
import type { DeviceGrants } from './grants.ts';
import type { StreamedData } from './store.ts';

/** A pump listens to a sensor or two; a display at a bed to what hangs there. */
const STREAMS_PER_LISTENER_MAX = 16;

const KINDS: Readonly<Record<string, StreamedData>> = { readings: 'vitals', events: 'events' };

/** A connection of a device. */
export interface Listener {
  readonly device: RegisteredDevice;
  readonly tell: (topic: string, payload: string) => void;
  readonly end: () => void;
}

interface Stream {
  readonly listener: Listener;
  readonly topic: string;
  readonly from: RegisteredDevice;
  readonly data: StreamedData;
  /** Of whom it was granted. */
  readonly subjectId: SubjectId;
}

export interface StreamPorts {
  readonly devices: ReadonlyMap<string, RegisteredDevice>;
  readonly grants: Pick<DeviceGrants, 'hears' | 'onNarrowed'>;
  readonly reads: Pick<ReadLog, 'writeOrOwe'>;
  readonly newId: () => string;
}

export class DeviceStreams {
  readonly #ports: StreamPorts;
  /** By the device that is heard. */
  readonly #streams = new Map<string, Set<Stream>>();
  readonly #ofListener = new Map<Listener, Map<string, Stream>>();

  constructor(ports: StreamPorts) {
    this.#ports = ports;
    ports.grants.onNarrowed(() => this.look());
  }

  /** False where it is no topic of another device, or not granted. */
  follow(listener: Listener, topic: string): boolean {
    const [, id = '', kind = ''] = /^devices\/([^/]+)\/([a-z]+)$/.exec(topic) ?? [];
    const [from, data] = [this.#ports.devices.get(id), KINDS[kind]];
    if (from === undefined || data === undefined) return false;
    const own = this.#ofListener.get(listener) ?? new Map<string, Stream>();
    if (own.has(topic)) return true;
    const subjectId = this.#ports.grants.hears({ from, to: listener.device, data });
    if (subjectId === undefined || own.size >= STREAMS_PER_LISTENER_MAX) return false;
    const stream = { listener, topic, from, data, subjectId };
    this.#ofListener.set(listener, own.set(topic, stream));
    this.#streams.set(id, (this.#streams.get(id) ?? new Set()).add(stream));
    this.#audit(stream);
    return true;
  }

  /** Once for each subscription. What a device lives by does not wait for it (safety S3). */
  #audit({ listener: { device }, data, subjectId }: Stream): void {
    const { reads, newId } = this.#ports;
    void reads.writeOrOwe(device.organisationId, {
      ...{ who: `device/${device.id}`, act: 'subscribe', subjects: [subjectId] },
      ...{ purpose: 'TREAT', route: `devices/:id/${data}`, status: 101, requestId: newId() },
    });
  }

  unfollow(listener: Listener, topic: string): void {
    const own = this.#ofListener.get(listener);
    const stream = own?.get(topic);
    if (stream === undefined) return;
    own?.delete(topic);
    if (own?.size === 0) this.#ofListener.delete(listener);
    const others = this.#streams.get(stream.from.id);
    others?.delete(stream);
    if (others?.size === 0) this.#streams.delete(stream.from.id);
  }

  leave(listener: Listener): void {
    for (const topic of [...(this.#ofListener.get(listener)?.keys() ?? [])])
      this.unfollow(listener, topic);
  }

  /** Ends what is no longer granted: withdrawn, run out, or worn by somebody else. */
  look(): void {
    for (const [listener, own] of [...this.#ofListener]) {
      if ([...own.values()].every((stream) => this.#isOpen(stream))) continue;
      this.leave(listener);
      listener.end();
    }
  }

  #isOpen({ listener, from, data, subjectId }: Stream): boolean {
    return this.#ports.grants.hears({ from, to: listener.device, data }) === subjectId;
  }

  /** Hot: nearly nobody is heard by anybody. */
  watchReading(arrival: Arrival): void {
    if (this.#streams.size === 0) return;
    const { series, reading, timeMs } = arrival;
    const payload = (): Uint8Array =>
      encodePlainJson([
        {
          ...{ metric: series.metric.key, unit: series.metric.unit, stampMs: timeMs },
          ...{ value: reading.value, flags: reading.flags },
        },
      ]);
    this.#tell({ ...series, data: 'vitals', payload });
  }

  watchEvent({ deviceId, subjectId, event, receivedMs, offsetMs }: EventEntry): void {
    if (this.#streams.size === 0) return;
    const stampMs = event.stampMs === undefined ? receivedMs : event.stampMs + offsetMs;
    const payload = (): Uint8Array => encodeEventsJson([{ ...event, stampMs }]);
    this.#tell({ deviceId, subjectId, data: 'events', payload });
  }

  #tell(told: {
    readonly deviceId: string;
    readonly subjectId: SubjectId;
    readonly data: StreamedData;
    readonly payload: () => Uint8Array;
  }): void {
    let payload: string | undefined;
    for (const stream of this.#streams.get(told.deviceId) ?? []) {
      if (stream.data !== told.data || stream.subjectId !== told.subjectId) continue;
      if (!this.#isOpen(stream)) continue;
      payload ??= new TextDecoder().decode(told.payload());
      stream.listener.tell(stream.topic, payload);
    }
  }
}
