// What the bench asks: each section is one figure that is asked for, and what stands beside it.
import { setTimeout as pause } from 'node:timers/promises';
import { NO_COMPRESSION } from '@ausculta/blocks/compression';
import { encodeReport } from '@ausculta/blocks/report-block';
import type { PlatformDevice } from '../load/platform.ts';
import { residentKb } from '../load/resident.ts';
import { sentValue } from '../load/values.ts';
import { type AskedPatient, BASE, observationText } from './asking.ts';
import { NOTIFICATION } from './notification.ts';
import { compareSamples, type Section, type Stage, tell } from './stage.ts';

const PATIENTS = 50;
const ENTRIES = 100;
const STORED = 10_000_000;
const STORED_EACH = 100_000;
/** A report takes 32,768 values at most. */
const A_MESSAGE = 10_000;
const READ_FROM = 2_000;
/** Long before anything else of these patients. */
const DOCUMENTS_MS = Date.UTC(2020, 0, 1);
const DOCUMENTS_EACH = 3;
const SETTLE_MS = 5_000;

const POST: Section = async (stage, report) => {
  const patients = await stage.addPatients('post', PATIENTS);
  const what = 'POST Observation, a document';
  const question = { kind: 'post', startMs: DOCUMENTS_MS, isOfDevice: false } as const;
  const leg = await stage.run(question, patients);
  tell(report, leg, { what, unit: 'Observations/s', atLeast: 2_000 });
  await compareSamples(stage, report, { what, ...leg });
};

/** So long ago that no second of it is in the future, however many are posted. */
const READINGS_AGO_MS = 6 * 3_600_000;

const READING: Section = async (stage, report) => {
  const patients = await stage.addPatients('reading', PATIENTS);
  const startMs = Math.floor(Date.now() / 1_000) * 1_000 - READINGS_AGO_MS;
  for (const patient of patients) await wear(stage, patient, startMs - 1_000);
  const what = 'POST Observation, a reading of a device';
  const question = { kind: 'post', startMs, isOfDevice: true } as const;
  const leg = await stage.run(question, patients);
  tell(report, leg, { what, unit: 'Observations/s', atLeast: 2_000 });
  await compareSamples(stage, report, { what, ...leg });
};

const TRANSACTION: Section = async (stage, report) => {
  const patients = await stage.addPatients('transaction', PATIENTS);
  const what = `transaction of ${ENTRIES} Observations, documents`;
  const startMs = DOCUMENTS_MS;
  const question = { kind: 'transaction', startMs, isOfDevice: false, entries: ENTRIES } as const;
  const leg = await stage.run(question, patients);
  tell(report, leg, { what, each: ENTRIES, unit: 'Observations/s', atLeast: 10_000 });
  await compareSamples(stage, report, { what, ...leg });
};

const READ: Section = async (stage, report) => {
  const patients = await stage.addPatients('read', PATIENTS);
  const paths: string[] = [];
  for (let from = 0; from < READ_FROM; from += ENTRIES)
    paths.push(...(await writeDocuments(stage, patients, from)));
  const leg = await stage.run({ kind: 'read', paths }, patients);
  tell(report, leg, { what: 'GET Observation by id', unit: 'answers/s', atLeast: 4_000 });
};

const SEARCH: Section = async (stage, report) => {
  const patients = await stage.addPatients('search', STORED / STORED_EACH);
  for (let from = 0; from < patients.length * DOCUMENTS_EACH; from += ENTRIES)
    await writeDocuments(stage, patients, from);
  // The last of them is a minute old.
  const startMs = Math.floor(Date.now() / 1000) * 1000 - STORED_EACH * 1000 - 60_000;
  for (const [index, patient] of patients.entries())
    await storeReadings(stage, patient, { index, startMs });
  await stage.platform.restart();
  const question = { kind: 'search', startMs, count: STORED_EACH } as const;
  const leg = await stage.run(question, patients);
  const what = `the newest ${ENTRIES} of ${STORED} readings, of one patient and code`;
  tell(report, leg, { what, unit: 'answers/s', atLeast: 1_000, p99MaxMs: 25 });
};

/** With whatever the sections before have stored. */
const START: Section = async (stage, report) => {
  const { platform } = stage;
  const startMs = await platform.restart();
  const askedMs = performance.now();
  const metadata = await stage.fetch(`${BASE}/metadata`);
  if (!metadata.ok) throw new Error(`/metadata answered ${metadata.status}`);
  await metadata.arrayBuffer();
  const line = { bench: 'fhir', unit: 'ms' } as const;
  report.add({
    ...line,
    metric: 'start-up to ready',
    value: Math.round(startMs),
    target: { bound: 'atMost', value: 2_000 },
  });
  report.add({
    ...line,
    metric: 'first answer of FHIR',
    value: Math.round(performance.now() - askedMs),
  });
  await pause(SETTLE_MS);
  report.add({
    bench: 'fhir',
    metric: 'memory of the server, idle',
    value: Math.round(residentKb(platform.pid) / 1024),
    unit: 'MB',
    target: { bound: 'atMost', value: 300 },
  });
};

export const SECTIONS: Readonly<Record<string, Section>> = {
  post: POST,
  reading: READING,
  transaction: TRANSACTION,
  read: READ,
  search: SEARCH,
  notification: NOTIFICATION,
  start: START,
};

/** A hundred documents in one transaction; where they are. */
async function writeDocuments(
  stage: Stage,
  patients: readonly AskedPatient[],
  from: number,
): Promise<string[]> {
  const writing = { startMs: DOCUMENTS_MS, isOfDevice: false };
  const entry = Array.from({ length: ENTRIES }, (_, index) => ({
    request: { method: 'POST', url: 'Observation' },
    resource: JSON.parse(observationText(writing, patients, from + index)) as object,
  }));
  const bundle = { resourceType: 'Bundle', type: 'transaction', entry };
  const response = await stage.fetch(BASE, JSON.stringify(bundle));
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  const made = JSON.parse(text) as { entry: { resource: { id: string } }[] };
  return made.entry.map(({ resource }) => `${BASE}/Observation/${resource.id}`);
}

async function wear(
  { platform }: Stage,
  { deviceId, subjectId }: PlatformDevice & AskedPatient,
  fromMs: number,
): Promise<void> {
  await sent(`${platform.httpUrl}/api/devices/${deviceId}/assignment`, {
    headers: { ...platform.headers(), 'content-type': 'application/json' },
    body: JSON.stringify({ subjectId, from: new Date(fromMs).toISOString() }),
  });
}

/** Through the door, as a gateway that was away brings them: a heart rate every second. */
async function storeReadings(
  stage: Stage,
  patient: PlatformDevice & AskedPatient,
  { index, startMs }: { readonly index: number; readonly startMs: number },
): Promise<void> {
  const { deviceId, token } = patient;
  const { httpUrl } = stage.platform;
  await wear(stage, patient, startMs - 1_000);
  for (let first = 0; first < STORED_EACH; first += A_MESSAGE) {
    const stampsMs = Float64Array.from(
      { length: A_MESSAGE },
      (_, i) => startMs + (first + i) * 1000,
    );
    const values = stampsMs.map((_, i) => sentValue(index, first + i, 0));
    const columns = { stampsMs, values, flags: new Uint8Array(A_MESSAGE) };
    const report = encodeReport(
      { sentMs: Date.now(), series: [{ metric: 'heart-rate', ...columns }] },
      NO_COMPRESSION,
    );
    if (!report.ok) throw new Error(report.fault.detail);
    await sent(`${httpUrl}/api/devices/${deviceId}/readings`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
      body: Buffer.from(report.value),
    });
  }
}

async function sent(url: string, options: RequestInit): Promise<void> {
  for (;;) {
    const response = await fetch(url, { method: 'POST', ...options });
    const text = await response.text();
    if (response.ok) return;
    // The store has to keep up, and says so.
    if (response.status < 429) throw new Error(`${url}: ${response.status} ${text}`);
    await pause(500);
  }
}
