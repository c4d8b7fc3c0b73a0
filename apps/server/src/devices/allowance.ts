/**
 * What one device may send: so many messages and so many bytes, as two levels that fill again as
 * time goes by. Generous to every device that measures, and to one that catches up after hours
 * without a line; what is beyond it is refused before anything is written, and may be sent again.
 */

/** A monitor with twelve leads sends ten a second; a minute at the full rate may come at once. */
const MESSAGES_PER_SECOND = 100;
const MESSAGES_MAX = 6_000;

/** Twelve leads at 1000 Hz are about 10 KB a second; a night of vitals kept back is some 10 MB. */
const BYTES_PER_SECOND = 64 * 1024;
const BYTES_MAX = 32 * 1024 * 1024;

/** Waveforms are shed before vitals and events: they leave them this share of both levels. */
const LEFT_BY_WAVEFORMS = 0.1;

export interface Load {
  readonly kind: 'waveforms' | 'readings' | 'events' | 'nothing';
  readonly bytes: number;
}

export class Allowance {
  #messages = MESSAGES_MAX;
  #bytes = BYTES_MAX;
  #atMs = 0;

  /** Takes a message's share; false when the device has sent more than it may. */
  take(load: Load, nowMs: number): boolean {
    this.#fill(nowMs);
    const left = load.kind === 'waveforms' ? LEFT_BY_WAVEFORMS : 0;
    const messages = this.#messages - 1;
    const bytes = this.#bytes - load.bytes;
    if (messages < left * MESSAGES_MAX || bytes < left * BYTES_MAX) return false;
    this.#messages = messages;
    this.#bytes = bytes;
    return true;
  }

  /** A clock of ours that is set back fills nothing, and is followed. */
  #fill(nowMs: number): void {
    const seconds = Math.max(0, nowMs - this.#atMs) / 1000;
    this.#atMs = nowMs;
    if (seconds === 0) return;
    this.#messages = Math.min(MESSAGES_MAX, this.#messages + seconds * MESSAGES_PER_SECOND);
    this.#bytes = Math.min(BYTES_MAX, this.#bytes + seconds * BYTES_PER_SECOND);
  }
}
