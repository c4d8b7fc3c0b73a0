// What a leg asks of the server, and what a right answer to it is.
import { SYSTEM } from '@ausculta/fhir/systems';
import { sentValue } from '../load/values.ts';
import type { HttpAnswer, HttpRequest } from './http-connection.ts';

export interface AskedPatient {
  readonly id: string;
  readonly deviceId: string;
}

export type Question =
  /** One Observation a request; with `isOfDevice` it names the device that the patient wears. */
  | { readonly kind: 'post'; readonly startMs: number; readonly isOfDevice: boolean }
  /** So many in a transaction. */
  | {
      readonly kind: 'transaction';
      readonly startMs: number;
      readonly isOfDevice: boolean;
      readonly entries: number;
    }
  | { readonly kind: 'read'; readonly paths: readonly string[] }
  /** The newest hundred of one code of one patient, who has this many readings of it, one a second. */
  | { readonly kind: 'search'; readonly startMs: number; readonly count: number };

/** What was sent, and where the server says that it is. */
export interface Sample {
  readonly sent: string;
  readonly at: string;
}

export interface Asking {
  next(): HttpRequest;
  /** What is wrong with the answer; undefined when nothing is. */
  wrongIn(answer: HttpAnswer, request: HttpRequest): string | undefined;
  readonly samples: readonly Sample[];
}

export const BASE = '/fhir/R4';
const SAMPLE_EVERY = 97;
/** A page is looked through to the last reading now and then: it takes longer than to send it. */
const LOOK_EVERY = 50;
export const PAGE = 100;
const CODE = 'http://loinc.org|8867-4';

export function askingOf(question: Question, patients: readonly AskedPatient[]): Asking {
  switch (question.kind) {
    case 'post':
      return posting(question, patients);
    case 'transaction':
      return transacting(question, patients);
    case 'read':
      return reading(question.paths);
    case 'search':
      return searching(question, patients);
    default:
      return question satisfies never;
  }
}

interface Writing {
  readonly startMs: number;
  readonly isOfDevice: boolean;
}

/** A heart rate as a monitor's gateway writes it, never the same twice. */
export function observationText(
  { startMs, isOfDevice }: Writing,
  patients: readonly AskedPatient[],
  n: number,
): string {
  const patient = patients[n % patients.length] as AskedPatient;
  const turn = Math.floor(n / patients.length);
  const device = isOfDevice
    ? { device: { identifier: { system: SYSTEM.DEVICE, value: patient.deviceId } } }
    : {};
  return JSON.stringify({
    resourceType: 'Observation',
    meta: { profile: ['http://hl7.org/fhir/StructureDefinition/heartrate'] },
    status: 'final',
    category: [
      {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/observation-category',
            code: 'vital-signs',
          },
        ],
      },
    ],
    code: isOfDevice
      ? { coding: [{ system: 'http://loinc.org', code: '8867-4' }] }
      : {
          coding: [{ system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' }],
          text: 'Heart rate',
        },
    subject: { reference: `Patient/${patient.id}` },
    effectiveDateTime: new Date(startMs + turn * 1000).toISOString(),
    valueQuantity: {
      value: sentValue(n % patients.length, turn, 0),
      unit: '/min',
      system: 'http://unitsofmeasure.org',
      code: '/min',
    },
    ...device,
  });
}

function posting(writing: Writing, patients: readonly AskedPatient[]): Asking {
  const samples: Sample[] = [];
  let n = 0;
  return {
    samples,
    next: () => ({
      method: 'POST',
      path: `${BASE}/Observation`,
      body: observationText(writing, patients, n++),
    }),
    wrongIn({ status, head, body }, { body: sent = '' }) {
      const at = /\r\nlocation: \S+?(\/fhir\/R4\/Observation\/[^/\r]+)/i.exec(head)?.[1];
      if (status !== 201 || at === undefined) return `${status} ${body.toString()}`;
      if (n % SAMPLE_EVERY === 0) samples.push({ sent, at });
      return undefined;
    },
  };
}

function transacting(
  writing: Extract<Question, { kind: 'transaction' }>,
  patients: readonly AskedPatient[],
): Asking {
  const samples: Sample[] = [];
  let n = 0;
  const entry = () =>
    `{"request":{"method":"POST","url":"Observation"},"resource":${observationText(writing, patients, n++)}}`;
  return {
    samples,
    next() {
      const entries = Array.from({ length: writing.entries }, entry).join();
      const body = `{"resourceType":"Bundle","type":"transaction","entry":[${entries}]}`;
      return { method: 'POST', path: BASE, body };
    },
    wrongIn({ status, body }, { body: sent = '' }) {
      const text = body.toString();
      const made = text.split('"201 Created"').length - 1;
      if (status !== 200 || made !== writing.entries) return `${status} ${text.slice(0, 500)}`;
      if (samples.length >= 200) return undefined;
      const first = (JSON.parse(sent) as { entry: { resource: object }[] }).entry[0]?.resource;
      const at = /"location":"[^"]*?(Observation\/[^/"]+)/.exec(text)?.[1];
      samples.push({ sent: JSON.stringify(first), at: `${BASE}/${at}` });
      return undefined;
    },
  };
}

function reading(paths: readonly string[]): Asking {
  let n = 0;
  return {
    samples: [],
    next: () => ({ method: 'GET', path: paths[n++ % paths.length] ?? '' }),
    wrongIn({ status, body }, { path }) {
      const id = path.slice(path.lastIndexOf('/') + 1);
      return status === 200 && body.includes(`"id":"${id}"`) ? undefined : `${status} of ${path}`;
    },
  };
}

interface Page {
  readonly entry: readonly {
    readonly resource: {
      readonly effectiveDateTime: string;
      readonly valueQuantity: { readonly value: number };
    };
  }[];
}

function searching(
  { startMs, count }: Extract<Question, { kind: 'search' }>,
  patients: readonly AskedPatient[],
): Asking {
  let n = 0;
  const code = encodeURIComponent(CODE);
  const indexes = new Map(patients.map(({ id }, index) => [id, index]));
  return {
    samples: [],
    next() {
      // Neighbours lie far from each other.
      const { id } = patients[(n * 37) % patients.length] as AskedPatient;
      n += 1;
      const query = `subject=Patient/${id}&code=${code}&_sort=-date&_count=${PAGE}`;
      return { method: 'GET', path: `${BASE}/Observation?${query}` };
    },
    wrongIn({ status, body }, { path }) {
      if (status !== 200) return `${status} ${body.toString()}`;
      if (n % LOOK_EVERY !== 0) return body.length > PAGE * 200 ? undefined : 'a short page';
      const index = indexes.get(/Patient\/([^&]+)/.exec(path)?.[1] ?? '') ?? -1;
      const { entry } = JSON.parse(body.toString()) as Page;
      if (entry.length !== PAGE) return `${entry.length} entries`;
      const isWrong = entry.some(({ resource }, back) => {
        const at = count - 1 - back;
        const isThen = Date.parse(resource.effectiveDateTime) === startMs + at * 1000;
        return !isThen || resource.valueQuantity.value !== sentValue(index, at, 0);
      });
      return isWrong ? 'another page than was stored' : undefined;
    },
  };
}
