import { WAVEFORM_DELAY_MS } from '@ausculta/contract/live';
import type { LiveConnection } from '../live/live-connection.ts';
import type { WaveStrip } from './wave-strip.ts';

/** One picture loop for every strip on the screen, so that all have the bar at the same place. */
export class WaveWall {
  readonly #live: LiveConnection;
  readonly #strips = new Set<WaveStrip>();
  #request = 0;

  constructor(live: LiveConnection) {
    this.#live = live;
  }

  add(strip: WaveStrip): () => void {
    this.#strips.add(strip);
    if (this.#strips.size === 1) this.#request = requestAnimationFrame(this.#paint);
    return () => {
      this.#strips.delete(strip);
      if (this.#strips.size === 0) cancelAnimationFrame(this.#request);
    };
  }

  readonly #paint = (): void => {
    const nowMs = this.#live.serverNowMs();
    const moment = {
      timeMs: nowMs === undefined ? undefined : nowMs - WAVEFORM_DELAY_MS,
      silent: this.#live.state !== 'live',
    };
    for (const strip of this.#strips) strip.tick(moment);
    this.#request = requestAnimationFrame(this.#paint);
  };
}
