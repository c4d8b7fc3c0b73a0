/** Two hospitals' servers: one measures, the other keeps the record; between them a network that is none. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WriteBackOfSubject, WriteBackStatus } from '@ausculta/contract/write-back';
import { dayAfter, localDays } from '@ausculta/fhir/local-day';
import type { Bundle, Observation } from '@medplum/fhirtypes';
import type { Outside } from '../../apps/server/src/outside.ts';
import {
  eventually,
  iso,
  type ServerHere,
  type ServerUnderTest,
  startServerHere,
  type TestDevice,
} from './server.ts';
import { type UnsteadyFront, unsteadyFront } from './unsteady-front.ts';

export const NUMBERS = 'urn:oid:1.2.276.0.76.4.8';
export const ZONE = 'Europe/Berlin';
const days = localDays(ZONE);
if (days === undefined) throw new Error('there is no Berlin');
export const berlin = days;

/** Whoever stands on either side. */
export interface Sides {
  readonly here: { readonly server: ServerUnderTest };
  readonly there: { readonly server: ServerUnderTest };
}

export interface WriteBackSample extends AsyncDisposable, Sides {
  readonly here: ServerHere;
  readonly there: ServerHere;
  readonly front: UnsteadyFront;
  /** The file that lists the destinations. */
  readonly file: string;
}

export interface SampleOptions {
  readonly destination?: object;
  readonly outside?: Partial<Outside>;
}

export async function writeBackSample(options: SampleOptions = {}): Promise<WriteBackSample> {
  await using parts = new AsyncDisposableStack();
  const there = parts.use(await startServerHere());
  const front = parts.use(await unsteadyFront(there.server.url));
  const directory = await mkdtemp(join(tmpdir(), 'ausculta-test-'));
  parts.defer(() => rm(directory, { recursive: true }));
  const tokenFile = join(directory, 'token');
  await writeFile(tokenFile, `${there.server.token}\n`);
  const file = join(directory, 'destinations.json');
  const destination = {
    ...{ name: 'ehr', url: `${front.url}/fhir/R4`, zone: ZONE, patientSystem: NUMBERS },
    credentials: { kind: 'bearer', tokenFile },
    ...{ afterMinutes: 0, quietMinutes: 0 },
    ...options.destination,
  };
  await writeFile(file, JSON.stringify({ destinations: [destination] }));
  const here = parts.use(
    await startServerHere({
      config: { writeBackFile: file },
      outside: { every: sooner, ...options.outside },
    }),
  );
  const kept = parts.move();
  return { here, there, front, file, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** What looks each second looks ten times: nobody waits for it. */
const sooner: Outside['every'] = (periodMs, run) => {
  const timer = setInterval(run, periodMs === 1_000 ? 100 : periodMs);
  return () => clearInterval(timer);
};

export interface SamplePatient {
  readonly id: string;
  readonly number: string;
  readonly device: TestDevice;
  /** Who it is there. */
  readonly there: string | undefined;
}

async function addPatientTo(server: ServerUnderTest, patient: object): Promise<string> {
  const headers = { 'content-type': 'application/fhir+json' };
  const body = JSON.stringify({ resourceType: 'Patient', ...patient });
  const response = await server.fetch('/fhir/R4/Patient', { method: 'POST', headers, body });
  if (response.status !== 201) throw new Error(`Patient: ${response.status}`);
  return ((await response.json()) as { id: string }).id;
}

/** Known in both, by a number that both know; with a device that they have worn for four days. */
export async function addKnown(
  sample: Sides,
  given: { readonly there?: readonly object[]; readonly birthDate?: string } = {},
): Promise<SamplePatient> {
  const number = `N-${randomUUID().slice(0, 8)}`;
  const birthDate = given.birthDate ?? '1950-03-01';
  const identifier = [{ system: NUMBERS, value: number }];
  const known = { identifier, birthDate, name: [{ family: 'Quellwasser', given: ['Ottilie'] }] };
  const id = await addPatientTo(sample.here.server, known);
  let there: string | undefined;
  for (const beside of given.there ?? [{}])
    there = await addPatientTo(sample.there.server, { ...known, ...beside });
  const device = await sample.here.server.addDevice(id);
  await sample.here.server.post(`/api/devices/${device.id}/correction`, {
    subjectId: id,
    from: iso(Date.now() - 5 * 24 * 3_600_000),
    until: iso(Date.now()),
  });
  return { id, number, device, there };
}

/** So many days ago, in Berlin. */
export function dayAgo(count: number): string {
  return dayAfter(berlin.dayOf(Date.now()), -count);
}

/** Noon of the day. */
export function noonOf(day: string): number {
  return berlin.spanOf(day).fromMs + 12 * 3_600_000;
}

/** Heart rates each second from noon on, sent late, as from a device that has kept them. */
export async function measure(
  { here: { server } }: Sides,
  device: TestDevice,
  day: string,
  values: readonly number[],
  more: { readonly metric?: string; readonly fromMs?: number } = {},
): Promise<void> {
  const { metric = 'heart-rate', fromMs = noonOf(day) } = more;
  const readings = values.map((value, i) => ({
    time: fromMs + i * 1_000,
    values: { [metric]: value },
  }));
  const body = JSON.stringify({ sent: Date.now(), readings });
  const response = await server.send(device, body);
  if (response.status !== 202)
    throw new Error(`readings: ${response.status} ${await response.text()}`);
}

export async function optIn(
  { here }: Sides,
  { id }: Pick<SamplePatient, 'id'>,
  order: object = { from: dayAgo(4) },
): Promise<void> {
  await here.server.post(`/api/subjects/${id}/write-back/ehr`, order);
}

/** What the other record keeps of a patient of ours. */
export async function keptThere(
  { there }: Sides,
  { there: patient }: Pick<SamplePatient, 'there'>,
): Promise<Observation[]> {
  const bundle = await there.server.get<Bundle>(
    `/fhir/R4/Observation?subject=Patient/${patient}&_count=200`,
  );
  return (bundle.entry ?? []).flatMap(({ resource }) =>
    resource?.resourceType === 'Observation' ? [resource] : [],
  );
}

export function figureOf(observation: Observation | undefined, code: string): number | undefined {
  const found = observation?.component?.find((one) => one.code.coding?.[0]?.code === code);
  return found?.valueQuantity?.value;
}

/** The summary of a day there, once it says so. */
export async function summaryThere(
  sample: Sides,
  patient: SamplePatient,
  { day, isSo }: { readonly day: string; readonly isSo: (found: Observation) => boolean },
): Promise<Observation> {
  return await eventually(`the summary of ${day}`, async () => {
    const kept = await keptThere(sample, patient);
    const ofDay = kept.filter((one) => one.identifier?.[0]?.value?.endsWith(day));
    if (ofDay.length > 1) throw new Error('there are two');
    const [found] = ofDay;
    return found !== undefined && isSo(found) ? found : undefined;
  });
}

export async function statusOf({ here }: Sides) {
  const { destinations } = await here.server.get<WriteBackStatus>('/api/write-back');
  const [ehr] = destinations;
  if (ehr === undefined) throw new Error('there is no destination');
  return ehr;
}

export async function ofPatient(
  { here }: Sides,
  { id }: Pick<SamplePatient, 'id'>,
): Promise<WriteBackOfSubject> {
  return await here.server.get<WriteBackOfSubject>(`/api/subjects/${id}/write-back`);
}

/** Once nothing waits any more. */
export async function allSent(sample: Sides): Promise<void> {
  await eventually('all that is due', async () => {
    const { daysDue } = await statusOf(sample);
    return daysDue === 0 ? true : undefined;
  });
}
