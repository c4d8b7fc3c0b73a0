/** A life of an installation, by its doors alone, as chance has it: people, devices, and what befalls them. */
import assert from 'node:assert/strict';
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { encodeRuns } from '@ausculta/blocks/waveform-block';
import type { DeviceView } from '@ausculta/contract/devices';
import type { SubjectView } from '@ausculta/contract/subjects';
import { eventually, type ServerUnderTest, type TestDevice } from './server.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

class Life {
  readonly #server: ServerUnderTest;
  readonly #chance: () => number;
  #subjects: string[] = [];
  readonly #devices: TestDevice[] = [];
  #named = 0;

  constructor(server: ServerUnderTest, chance: () => number) {
    this.#server = server;
    this.#chance = chance;
  }

  async begin(): Promise<void> {
    for (let i = 0; i < 3; i += 1) await this.#admit();
    for (let i = 0; i < 4; i += 1) await this.#addDevice();
  }

  async act(): Promise<void> {
    const acts = [
      ...Array.from({ length: 6 }, () => this.#sendReadings),
      ...Array.from({ length: 2 }, () => this.#sendEvents),
      ...[this.#sendWaveform, this.#sendNonsense, this.#sendNonsense],
      ...[this.#assign, this.#assign, this.#takeOff, this.#correct, this.#correct],
      ...[
        this.#hold,
        this.#release,
        this.#release,
        this.#erase,
        this.#erase,
        this.#admit,
        this.#addDevice,
        this.#renewToken,
      ],
    ];
    await this.#oneOf(acts).call(this);
  }

  /** Whatever chance has brought: one who was held is erased. What was ordered has been done. */
  async end(): Promise<void> {
    await this.#admit();
    const last = this.#subjects.at(-1) ?? '';
    await this.#hold(last);
    await this.#release(last);
    await this.#erase(last);
    assert.ok(!this.#subjects.includes(last));
    for (const { id } of this.#devices) {
      await eventually('readings to have moved', async () => {
        const { reattributions } = await this.#server.get<DeviceView>(`/api/devices/${id}`);
        return reattributions.every(({ stage }) => stage === 'done') || undefined;
      });
    }
  }

  #oneOf<T>(all: readonly T[]): T {
    const one = all[Math.floor(this.#chance() * all.length)];
    assert.ok(one !== undefined);
    return one;
  }

  #below(limit: number): number {
    return Math.floor(this.#chance() * limit);
  }

  /** Some time of the last days, more often lately. */
  #past(): number {
    return Date.now() - Math.round(this.#chance() ** 3 * 3 * DAY_MS);
  }

  async #admit(): Promise<void> {
    this.#named += 1;
    const category = this.#oneOf(['adult', 'adult', 'child', 'unknown']);
    const { id } = await this.#server.post<SubjectView>('/api/subjects', {
      category,
      identity: { familyName: `Moved ${this.#named} ñ`, invented: true },
    });
    this.#subjects.push(id);
  }

  async #addDevice(): Promise<void> {
    this.#named += 1;
    const subjectId = this.#oneOf(this.#subjects);
    const device = await this.#server.addDevice(subjectId, `device-${this.#named}`);
    this.#devices.push(device);
    const from = new Date(Date.now() - 4 * DAY_MS).toISOString();
    await this.#ask(`/api/devices/${device.id}/assignment`, { subjectId, from });
    // Its clock is right: what it sends later may be of any time.
    const body = JSON.stringify({ sent: Date.now(), time: Date.now(), values: { spo2: 97 } });
    assert.equal((await this.#server.send(device, body)).status, 202);
  }

  /** What is refused is part of life: a device that nobody wears, a subject that is held. */
  async #ask(path: string, body: unknown): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const asked = { method: 'POST', headers, body: JSON.stringify(body) };
    const { status } = await this.#server.fetch(path, asked);
    assert.ok(status < 500, `${path}: ${status}`);
  }

  async #send(body: string | Uint8Array<ArrayBuffer>, kind?: string): Promise<void> {
    const { status } = await this.#server.send(this.#oneOf(this.#devices), body, kind);
    assert.ok(status < 500, String(status));
  }

  #sendReadings(): Promise<void> {
    const time = this.#past();
    const readings = Array.from({ length: 1 + this.#below(20) }, (_, i) => ({
      time: time + i * 1000,
      values: {
        spo2: this.#oneOf([97, 96, 88, 71, 140]),
        'heart-rate': 40 + this.#below(150),
        ...(this.#below(4) === 0 && { 'glucose-capillary': this.#oneOf(['HI', 'LO', 110]) }),
        ...(this.#below(9) === 0 && { 'no-such-metric': 1 }),
      },
    }));
    return this.#send(JSON.stringify({ readings }));
  }

  #sendEvents(): Promise<void> {
    const kind = this.#oneOf(['button', 'fall', 'symptom']);
    return this.#send(JSON.stringify({ time: this.#past(), kind }), 'events');
  }

  #sendWaveform(): Promise<void> {
    const block = encodeRuns(
      [
        {
          metric: this.#oneOf(['ecg-ii', 'pleth']),
          startMs: this.#past(),
          rate: { numerator: 125, denominator: 1 },
          samples: Int32Array.from({ length: 250 }, () => this.#below(1_000)),
          ...{ gain: 200, zero: 0, flags: 0 },
        },
      ],
      NO_COMPRESSION,
    );
    assert.ok(block.ok);
    return this.#send(new Uint8Array(block.value), 'waveforms');
  }

  #sendNonsense(): Promise<void> {
    return this.#send(`{"values": {"${this.#below(1e6)}`);
  }

  #act(name: string, body: unknown): Promise<void> {
    return this.#ask(`/api/devices/${this.#oneOf(this.#devices).id}/${name}`, body);
  }

  #assign(): Promise<void> {
    const from = new Date(this.#past()).toISOString();
    return this.#act('assignment', { subjectId: this.#oneOf(this.#subjects), from });
  }

  #takeOff(): Promise<void> {
    return this.#act('unassignment', { at: new Date(this.#past()).toISOString() });
  }

  #correct(): Promise<void> {
    const fromMs = this.#past();
    const until = new Date(fromMs + 1 + this.#below(HOUR_MS * 20)).toISOString();
    const subjectId = this.#oneOf([null, ...this.#subjects, ...this.#subjects]);
    return this.#act('correction', { subjectId, from: new Date(fromMs).toISOString(), until });
  }

  #hold(subjectId = this.#oneOf(this.#subjects)): Promise<void> {
    const reason = `inquest ${this.#below(100)}`;
    return this.#ask(`/api/subjects/${subjectId}/holds`, { reason });
  }

  async #release(subjectId = this.#oneOf(this.#subjects)): Promise<void> {
    const path = `/api/subjects/${subjectId}/holds`;
    const { holds } = await this.#server.get<{ holds: { id: string }[] }>(path);
    for (const { id } of holds) await this.#ask(`${path}/${id}/release`, {});
  }

  async #erase(id = this.#oneOf(this.#subjects)): Promise<void> {
    if (this.#subjects.length < 3) return;
    const { identity } = await this.#server.get<SubjectView>(`/api/subjects/${id}`);
    const { recordNumber } = identity;
    await this.#ask(`/api/subjects/${id}/erasure`, { recordNumber });
    const { status } = await this.#server.fetch(`/api/subjects/${id}`);
    if (status === 404) this.#subjects = this.#subjects.filter((other) => other !== id);
  }

  async #renewToken(): Promise<void> {
    const at = this.#below(this.#devices.length);
    const device = this.#devices[at];
    assert.ok(device !== undefined);
    const { token } = await this.#server.post<{ token: string }>(
      `/api/devices/${device.id}/token`,
      {},
    );
    this.#devices[at] = { ...device, token };
  }
}

export async function liveThrough(
  server: ServerUnderTest,
  { chance, acts }: { chance: () => number; acts: number },
): Promise<void> {
  const life = new Life(server, chance);
  await life.begin();
  for (let i = 0; i < acts; i += 1) await life.act();
  await life.end();
}
