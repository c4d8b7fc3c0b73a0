import type { AlarmPriority } from '@ausculta/vitals/alarm';
import { type Burst, burstOf, HARMONICS, RISE_RATIO } from './bursts.ts';

/** Whether this browser can be heard. Browsers keep a page mute until somebody has touched it. */
export type AudioAbility = 'able' | 'blocked' | 'none';

/**
 * The loudspeaker of this workstation: plays the burst of the priority it is told, again and again,
 * until it is told another. Its ability is watched, because a silent station is an alarm (S12).
 */
export class Annunciator {
  readonly #onAbility: (ability: AudioAbility) => void;
  #context: AudioContext | undefined;
  #priority: AlarmPriority | undefined;
  #timer: number | undefined;
  #nextMs = 0;
  #wasAble = false;

  constructor(onAbility: (ability: AudioAbility) => void) {
    this.#onAbility = onAbility;
  }

  start(): void {
    if (typeof AudioContext === 'undefined') {
      this.#onAbility('none');
      return;
    }
    this.#context = new AudioContext();
    this.#context.addEventListener('statechange', this.#tell);
    this.#tell();
  }

  stop(): void {
    window.clearTimeout(this.#timer);
    this.#context?.removeEventListener('statechange', this.#tell);
    void this.#context?.close();
    this.#context = undefined;
  }

  /** Must be called from a click or a key: only then does a browser begin to sound. */
  async enable(): Promise<void> {
    await this.#context?.resume();
    this.#tell();
  }

  /** Undefined: nothing is to be heard. A higher priority breaks in at once. */
  sound(priority: AlarmPriority | undefined): void {
    if (priority === this.#priority) return;
    this.#priority = priority;
    window.clearTimeout(this.#timer);
    if (priority !== undefined) this.#repeat();
  }

  /** The sound test of each shift: one burst, whatever else is going on. */
  test(priority: AlarmPriority): void {
    this.#play(burstOf(priority));
  }

  readonly #repeat = (): void => {
    if (this.#priority === undefined) return;
    const burst = burstOf(this.#priority);
    this.#play(burst);
    this.#timer = window.setTimeout(this.#repeat, burst.repeatMs);
  };

  /** An alarm that could not be heard until now is heard at once, not at its next repetition. */
  readonly #tell = (): void => {
    const isAble = this.#context?.state === 'running';
    this.#onAbility(isAble ? 'able' : 'blocked');
    if (isAble && !this.#wasAble && this.#priority !== undefined) {
      window.clearTimeout(this.#timer);
      this.#repeat();
    }
    this.#wasAble = isAble;
  };

  #play(burst: Burst): void {
    const context = this.#context;
    if (context === undefined || context.state !== 'running') return;
    const startS = Math.max(context.currentTime + 0.02, this.#nextMs / 1000);
    const wave = context.createPeriodicWave(
      new Float32Array(HARMONICS.length + 1),
      Float32Array.from([0, ...HARMONICS]),
    );
    for (const pulse of burst.pulses) {
      const fromS = startS + pulse.atMs / 1000;
      const lengthS = pulse.lengthMs / 1000;
      const oscillator = context.createOscillator();
      const gain = context.createGain();
      oscillator.setPeriodicWave(wave);
      oscillator.frequency.value = burst.frequencyHz;
      gain.gain.setValueAtTime(0, fromS);
      gain.gain.linearRampToValueAtTime(burst.gain, fromS + lengthS * RISE_RATIO);
      gain.gain.setValueAtTime(burst.gain, fromS + lengthS * (1 - RISE_RATIO));
      gain.gain.linearRampToValueAtTime(0, fromS + lengthS);
      oscillator.connect(gain).connect(context.destination);
      oscillator.start(fromS);
      oscillator.stop(fromS + lengthS);
    }
    const last = burst.pulses.at(-1);
    this.#nextMs = startS * 1000 + (last === undefined ? 0 : last.atMs + last.lengthMs);
  }
}
