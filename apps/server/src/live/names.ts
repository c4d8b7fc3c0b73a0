import type { LiveNotice } from '@ausculta/contract/live';

type News = Omit<Extract<LiveNotice, { type: 'names' }>, 'type'>;

/** Short indexes for the ids and keys of one socket, announced before their first use. */
export class Names {
  readonly #indexes = {
    subjects: new Map<string, number>(),
    metrics: new Map<string, number>(),
    devices: new Map<string, number>(),
  };
  #news = noNews();

  subject(id: string): number {
    return this.#indexOf('subjects', id);
  }

  metric(key: string): number {
    return this.#indexOf('metrics', key);
  }

  device(id: string): number {
    return this.#indexOf('devices', id);
  }

  /** What has to be announced in the frame under construction. */
  news(): LiveNotice | undefined {
    const news = this.#news;
    if (news.subjects.length + news.metrics.length + news.devices.length === 0) return undefined;
    this.#news = noNews();
    return { type: 'names', ...news };
  }

  #indexOf(kind: keyof News, name: string): number {
    const known = this.#indexes[kind].get(name);
    if (known !== undefined) return known;
    const index = this.#indexes[kind].size;
    this.#indexes[kind].set(name, index);
    this.#news[kind].push([index, name]);
    return index;
  }
}

function noNews(): News {
  return { subjects: [], metrics: [], devices: [] };
}
