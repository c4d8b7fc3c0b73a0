/**
 * Stands between a client and the server, and looks at every answer as the client gets it: is it what
 * R4 says? The library that checks (`@medplum/core`) has made none of the answers: resources come back
 * as the text that was sent, and Bundles, outcomes and statements are written by the server itself.
 */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isError, validate } from '@ausculta/fhir/validation';
import type { Resource } from '@medplum/fhirtypes';
import { r4 } from './fhir.ts';

export interface FhirRecorder extends AsyncDisposable {
  readonly url: string;
  /** How many answers were resources. */
  readonly checked: () => number;
  /** What was wrong with any of them. */
  readonly wrong: () => readonly string[];
}

export async function recordFhir(serverUrl: string): Promise<FhirRecorder> {
  const target = new URL(serverUrl);
  const wrong: string[] = [];
  let checked = 0;
  const check = (what: string, answer: IncomingMessage, body: string): void => {
    if (body === '') return;
    if (!/^application\/fhir\+json/.test(answer.headers['content-type'] ?? '')) {
      wrong.push(`${what}: ${answer.headers['content-type']}`);
      return;
    }
    checked += 1;
    const issues = validate(r4(), JSON.parse(body) as Resource).filter(isError);
    wrong.push(...issues.map((one) => `${what}: ${JSON.stringify(one)}`));
  };
  const proxy = createServer((asked, reply) => forward(asked, reply, target, check));
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    checked: () => checked,
    wrong: () => wrong,
    [Symbol.asyncDispose]: () => {
      proxy.closeAllConnections();
      return new Promise<void>((resolve) => proxy.close(() => resolve()));
    },
  };
}

type Check = (what: string, answer: IncomingMessage, body: string) => void;

function forward(asked: IncomingMessage, reply: ServerResponse, target: URL, check: Check): void {
  const { method, url, headers } = asked;
  const { hostname, port } = target;
  // The host as the client knows it: links lead back through here.
  const onward = request({ hostname, port, method, path: url, headers }, (answer) => {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.on('end', () => {
      const body = Buffer.concat(chunks);
      check(`${method} ${url}`, answer, body.toString('utf8'));
      reply.writeHead(answer.statusCode ?? 502, answer.headers);
      reply.end(body);
    });
  });
  onward.on('error', (error) => reply.destroy(error));
  asked.pipe(onward);
}

export function assertAllRight(recorder: FhirRecorder, atLeast: number): void {
  assert.deepEqual(recorder.wrong(), []);
  assert.ok(recorder.checked() >= atLeast, `only ${recorder.checked()} answers were checked`);
}
