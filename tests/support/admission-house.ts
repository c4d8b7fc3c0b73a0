/** A house with an admission system, a second one, and a central station that speaks for its beds. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AdtNotice, writeAdt } from '@ausculta/codecs/hl7-adt-writer';
import type { DeviceList } from '@ausculta/contract/devices';
import type { SubjectView } from '@ausculta/contract/subjects';
import type { Config } from '../../apps/server/src/config.ts';
import { fields, heartRate, type MllpClient, message, openMllp } from './hl7-messages.ts';
import {
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  temporaryDirectory,
} from './server.ts';

const HERE = { addresses: ['127.0.0.1'] };
const SENDERS = [
  { application: 'HIS', device: 'his', admits: true, beds: { ICU: 'adult' }, ...HERE },
  { application: 'HIS2', device: 'his-2', admits: true, beds: { ICU: 'adult' }, ...HERE },
  { application: 'STATION', device: 'station', speaksFor: [], beds: { ICU: 'adult' }, ...HERE },
];

export const bed = (name: string, unit = 'ICU') => ({ unit, room: '', bed: name, facility: '' });
export const code = (answer: string) => fields(answer, 'MSA')[1];
export const fault = (answer: string) => `${code(answer)} ${fields(answer, 'ERR')[7]}`;

/** All that there is on a server whose HL7 door knows these senders. */
export async function housed(config: Partial<Config> = {}): Promise<House> {
  const hl7 = { host: '127.0.0.1', port: 0, listFile: await sendersFile(), tls: undefined };
  return new House(await startServerHere({ config: { hl7, ...config } }));
}

export class House {
  readonly here: ServerHere;
  readonly server: ServerUnderTest;
  readonly #clients: MllpClient[] = [];
  #told = 0;

  constructor(here: ServerHere) {
    this.here = here;
    this.server = here.server;
  }

  async register(): Promise<void> {
    for (const { device } of SENDERS) await this.server.addGateway(device);
  }

  async open(): Promise<MllpClient> {
    const client = await openMllp(this.here.hl7Port);
    this.#clients.push(client);
    return client;
  }

  write(action: AdtNotice['action'], recordNumber: string, more: Partial<AdtNotice> = {}): string {
    return this.writeAs('HIS', action, recordNumber, more);
  }

  writeAs(
    application: string,
    action: AdtNotice['action'],
    recordNumber: string,
    more: Partial<AdtNotice> = {},
  ): string {
    const sender = { application, facility: '', controlId: `A${this.#told++}` };
    return writeAdt({ action, recordNumber, recordedMs: Date.now(), ...more }, sender);
  }

  async say(...args: Parameters<House['write']>): Promise<string> {
    return await (await this.open()).ask(this.write(...args));
  }

  /** The refusal of a message. */
  async refusal(...args: Parameters<House['write']>): Promise<string> {
    return fault(await this.say(...args));
  }

  async done(...args: Parameters<House['write']>): Promise<void> {
    assert.equal(fault(await this.say(...args)), 'AA undefined');
  }

  /** The central station tells of a rate in a bed. */
  async measure(name: string, rate: number, atMs = Date.now()): Promise<void> {
    await this.#measure(name, { atMs, rows: [heartRate(rate)] });
  }

  /** And names who it believes lies there. */
  async measureNamed(name: string, rate: number, pid: string): Promise<void> {
    await this.#measure(name, { atMs: Date.now(), rows: [heartRate(rate)], pid });
  }

  async #measure(
    name: string,
    more: { readonly atMs: number; readonly rows: string[]; readonly pid?: string },
  ): Promise<void> {
    const said = { application: 'STATION', id: `S${this.#told++}`, bed: `ICU^^${name}`, ...more };
    assert.equal(code(await (await this.open()).ask(message(said))), 'AA');
  }

  async subjects(isMeant: (subject: SubjectView) => boolean): Promise<SubjectView[]> {
    const { subjects } = await this.server.get<{ subjects: SubjectView[] }>('/api/subjects');
    return subjects.filter(isMeant);
  }

  async patient(recordNumber: string): Promise<SubjectView> {
    const [only, ...others] = await this.subjects((s) => s.identity.recordNumber === recordNumber);
    assert.ok(only !== undefined && others.length === 0, `one patient ${recordNumber}`);
    return only;
  }

  async unknownIn(name: string): Promise<SubjectView[]> {
    return await this.subjects(
      (s) => s.identity.bed === name && s.identity.givenName === 'unknown',
    );
  }

  async rates({ id }: { id: string }): Promise<number[]> {
    await this.settled();
    return (await this.server.readings(id, 'heart-rate')).map(({ value }) => value);
  }

  async ratesOf(recordNumber: string): Promise<number[]> {
    return await this.rates(await this.patient(recordNumber));
  }

  /** All that changed hands has arrived. */
  async settled(): Promise<void> {
    const { devices } = await this.server.get<DeviceList>('/api/devices');
    for (const device of devices) await this.server.settled(device);
  }

  end(): void {
    for (const client of this.#clients) client.end();
  }
}

export async function sendersFile(): Promise<string> {
  const file = join(await temporaryDirectory(), 'senders.json');
  writeFileSync(file, JSON.stringify({ senders: SENDERS }));
  return file;
}
