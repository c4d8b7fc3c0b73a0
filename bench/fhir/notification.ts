// From a POST to the subscriber's endpoint: a few writers at an even pace, one rest-hook, a server of its own.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { registerDevices, startPlatform } from '../load/platform.ts';
import { BASE, observationText } from './asking.ts';
import type { Section } from './stage.ts';

const A_SECOND = 50;
const WARM_UP = 150;
const MEASURED = 500;
const STARTED_MS = Date.UTC(2020, 0, 1);
const WITHIN_MS = 30_000;
const FILTER =
  'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-filter-criteria';
const CONTENT =
  'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-payload-content';

export const NOTIFICATION: Section = async (_stage, report) => {
  const arrived = new Map<string, number>();
  await using endpoint = await openEndpoint(arrived);
  const settings = { AUSCULTA_HOOKS: endpoint.url };
  await using platform = await startPlatform({ settings });
  const patients = (await registerDevices(platform, { prefix: 'told', count: 10 })).map(
    (device) => ({ ...device, id: device.subjectId, deviceId: device.id }),
  );
  const post = async (type: string, body: string): Promise<{ readonly id: string }> => {
    const headers = { ...platform.headers(), 'content-type': 'application/fhir+json' };
    const response = await fetch(`${platform.httpUrl}${BASE}/${type}`, {
      ...{ method: 'POST', headers, body },
    });
    if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
    return (await response.json()) as { id: string };
  };
  const { id: subscription } = await post('Subscription', subscriptionTo(endpoint.url));
  await until(async () => {
    const path = `${BASE}/Subscription/${subscription}`;
    const response = await fetch(`${platform.httpUrl}${path}`, { headers: platform.headers() });
    return (await response.text()).includes('"status":"active"');
  });

  const startMs = performance.now();
  const sent = await Promise.all(
    Array.from({ length: WARM_UP + MEASURED }, async (_, n) => {
      await pause(Math.max(1, startMs + (n * 1000) / A_SECOND - performance.now()));
      const atMs = performance.now();
      const text = observationText({ startMs: STARTED_MS, isOfDevice: false }, patients, n);
      const { id } = await post('Observation', text);
      return { id, atMs };
    }),
  );
  await until(() => Promise.resolve(sent.every(({ id }) => arrived.has(id))));
  const delays = sent
    .slice(WARM_UP)
    .map(({ id, atMs }) => (arrived.get(id) ?? Number.NaN) - atMs)
    .sort((a, b) => a - b);
  const at = (share: number): number =>
    Number((delays[Math.floor(share * (delays.length - 1))] ?? Number.NaN).toFixed(1));
  const what = `notification after the POST, ${A_SECOND} a second`;
  report.add({ bench: 'fhir', metric: `${what}, p50`, value: at(0.5), unit: 'ms' });
  const target = { bound: 'atMost', value: 50 } as const;
  report.add({ bench: 'fhir', metric: `${what}, p99`, value: at(0.99), unit: 'ms', target });
};

function subscriptionTo(endpoint: string): string {
  return JSON.stringify({
    ...{ resourceType: 'Subscription', status: 'requested', reason: 'bench' },
    criteria: 'urn:ausculta:topic:document-written',
    _criteria: { extension: [{ url: FILTER, valueString: 'Observation?code=8867-4' }] },
    channel: {
      ...{ type: 'rest-hook', endpoint, payload: 'application/fhir+json' },
      _payload: { extension: [{ url: CONTENT, valueCode: 'id-only' }] },
    },
  });
}

/** Notes when each Observation was heard of first. */
async function openEndpoint(arrived: Map<string, number>) {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const atMs = performance.now();
      const text = Buffer.concat(parts).toString();
      for (const [, id = ''] of text.matchAll(/"Observation\/([^"]+)"/g))
        if (!arrived.has(id)) arrived.set(id, atMs);
      response.writeHead(200).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const startMs = performance.now();
  while (!(await isSo())) {
    if (performance.now() - startMs > WITHIN_MS) throw new Error('nothing arrives');
    await pause(20);
  }
}
