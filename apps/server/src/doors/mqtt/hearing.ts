/** What a device listens to: its own errors, and what other devices measure where that is granted. */
import { SUBACK, suback, unsuback } from './packets.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface HearingPorts {
  /** False where it is not granted. */
  readonly follow: (topic: string) => boolean;
  readonly unfollow: (topic: string) => void;
}

export class Hearing {
  readonly #errorsTopic: string;
  readonly #ports: HearingPorts;
  hearsErrors = false;

  constructor(errorsTopic: string, ports: HearingPorts) {
    this.#errorsTopic = errorsTopic;
    this.#ports = ports;
  }

  /** The answer; undefined where what was asked breaks a MUST of the standard. */
  onSubscribe(asked: Subscriptions | undefined): Buffer | undefined {
    if (asked === undefined) return undefined;
    const granted = asked.filters.map((filter) => {
      if (filter === this.#errorsTopic) this.hearsErrors = true;
      const isGranted = filter === this.#errorsTopic || this.#ports.follow(filter);
      return isGranted ? SUBACK.QOS_0 : SUBACK.REFUSED;
    });
    return suback(asked.packetId, granted);
  }

  onUnsubscribe(asked: Subscriptions | undefined): Buffer | undefined {
    if (asked === undefined) return undefined;
    for (const filter of asked.filters) {
      if (filter === this.#errorsTopic) this.hearsErrors = false;
      else this.#ports.unfollow(filter);
    }
    return unsuback(asked.packetId);
  }
}
