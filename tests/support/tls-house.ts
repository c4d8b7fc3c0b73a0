/** A server whose doors speak TLS, and devices that come to it with certificates. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type RequestOptions, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import type { ClaimMade, DeviceIdentityView } from '@ausculta/contract/device-identity';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import type { Outside } from '../../apps/server/src/outside.ts';
import {
  type KeyAndCertificate,
  newKeys,
  pemOfKey,
  requestFor,
  serverCertificate,
} from './certificates.ts';
import { type ServerHere, ServerUnderTest, startServerHere, type TestDevice } from './server.ts';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Asks by HTTPS, which the others of these tests do not. */
class ServerByTls extends ServerUnderTest {
  readonly ca: () => string;

  constructor(places: ConstructorParameters<typeof ServerUnderTest>[0], ca: () => string) {
    super(places);
    this.ca = ca;
  }

  override get url(): string {
    return `https://127.0.0.1:${this.httpPort}`;
  }

  async ask(path: string, options: RequestOptions & { body?: string } = {}): Promise<Answer> {
    const { body, ...rest } = options;
    const asked = request(`${this.url}${path}`, { ca: this.ca(), agent: false, ...rest });
    asked.end(body);
    const [response] = await once(asked, 'response');
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return { status: response.statusCode, body: Buffer.concat(chunks).toString() };
  }

  override async fetch(path: string, options: RequestInit = {}): Promise<Response> {
    const authorization = `Bearer ${this.token}`;
    const headers = { authorization, ...(options.headers as Record<string, string>) };
    const body = typeof options.body === 'string' ? options.body : '';
    const answer = await this.ask(path, { method: options.method ?? 'GET', headers, body });
    return new Response(answer.body === '' ? null : answer.body, { status: answer.status });
  }
}

export interface TlsHouse extends AsyncDisposable {
  readonly here: ServerHere;
  readonly server: ServerByTls;
  readonly shown: () => KeyAndCertificate;
  /** As an administrator renews what the doors show. */
  readonly renew: () => Promise<void>;
}

export async function openTlsHouse(outside: Partial<Outside> = {}): Promise<TlsHouse> {
  await using parts = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), 'ausculta-test-'));
  parts.defer(() => rmSync(directory, { recursive: true }));
  const [certFile, keyFile] = [join(directory, 'server.pem'), join(directory, 'server.key')];
  let shown = await serverCertificate();
  const write = (): void => {
    writeFileSync(certFile, shown.cert);
    writeFileSync(keyFile, shown.key);
  };
  write();
  const listen = {
    ...{ host: '127.0.0.1', port: 0 },
    tls: { setting: 'AUSCULTA_TLS', certFile, keyFile },
  };
  const dataDir = join(directory, 'data');
  const config = { http: listen, mqtt: listen, dataDir };
  const here = parts.use(await startServerHere({ config, outside }));
  const { httpPort, mqttPort } = here.server;
  const server = new ServerByTls({ httpPort, mqttPort, dataDir }, () => shown.cert);
  const kept = parts.move();
  return {
    ...{ here, server },
    shown: () => shown,
    renew: async () => {
      shown = await serverCertificate('renewed');
      write();
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

export class DeviceByTls {
  readonly #house: TlsHouse;

  constructor(house: TlsHouse) {
    this.#house = house;
  }

  claim({ id }: TestDevice): Promise<ClaimMade> {
    return this.#house.server.post(`/api/devices/${id}/claim`, {});
  }

  identity({ id }: TestDevice): Promise<DeviceIdentityView> {
    return this.#house.server.get(`/api/devices/${id}/identity`);
  }

  /** By EST, with a key of its own. */
  async certify(device: TestDevice): Promise<KeyAndCertificate> {
    const { code } = await this.claim(device);
    return await this.enrol('simpleenroll', { auth: `${device.id}:${code}` });
  }

  async enrol(act: string, options: RequestOptions): Promise<KeyAndCertificate> {
    const keys = await newKeys();
    const asked = { method: 'POST', body: await requestFor(keys), ...options };
    const { status, body } = await this.#house.server.ask(`/.well-known/est/${act}`, asked);
    if (status !== 200) throw new Error(`${act}: ${status} ${body}`);
    const { X509Certificates } = await import('@peculiar/x509');
    const [certificate] = new X509Certificates(Buffer.from(body, 'base64'));
    return { key: await pemOfKey(keys), cert: certificate?.toString('pem') ?? '' };
  }

  /** As the device of this name, with whatever it shows. */
  connect(
    device: Pick<TestDevice, 'id'>,
    shows: KeyAndCertificate | undefined,
    options: IClientOptions = {},
  ): Promise<MqttClient> {
    const place = { host: '127.0.0.1', port: this.#house.server.mqttPort };
    const url = `mqtts://${place.host}:${place.port}`;
    const trust = { ca: this.#house.shown().cert, reconnectPeriod: 0 };
    return connectAsync(url, { clientId: device.id, ...trust, ...shows, ...options });
  }

  /** What the MQTT door shows to a new connection: its common name; the error where there is none. */
  async handshake(options: object = {}): Promise<string> {
    const place = { host: '127.0.0.1', port: this.#house.server.mqttPort };
    const socket: TLSSocket = connect({ ...place, rejectUnauthorized: false, ...options });
    try {
      await once(socket, 'secureConnect');
      return String(socket.getPeerCertificate().subject.CN);
    } catch (error) {
      return (error as { code?: string }).code ?? 'no handshake';
    } finally {
      socket.destroy();
    }
  }
}
