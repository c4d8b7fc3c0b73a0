/** What a device listens to: its own errors. */
import { SUBACK, suback, unsuback } from './packets.ts';
import type { Subscriptions } from './subscriptions.ts';

export class Hearing {
  readonly #errorsTopic: string;
  hearsErrors = false;

  constructor(errorsTopic: string) {
    this.#errorsTopic = errorsTopic;
  }

  /** The answer; undefined where what was asked breaks a MUST of the standard. */
  onSubscribe(asked: Subscriptions | undefined): Buffer | undefined {
    if (asked === undefined) return undefined;
    const granted = asked.filters.map((filter) =>
      filter === this.#errorsTopic ? SUBACK.QOS_0 : SUBACK.REFUSED,
    );
    if (granted.includes(SUBACK.QOS_0)) this.hearsErrors = true;
    return suback(asked.packetId, granted);
  }

  onUnsubscribe(asked: Subscriptions | undefined): Buffer | undefined {
    if (asked === undefined) return undefined;
    if (asked.filters.includes(this.#errorsTopic)) this.hearsErrors = false;
    return unsuback(asked.packetId);
  }
}
