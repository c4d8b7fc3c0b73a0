import { Problem } from '@ausculta/contract/problem';
import { Status } from '@ausculta/contract/status';
import {
  DeviceCreated,
  type NewDevice,
  type NewSubject,
  SubjectList,
  SubjectView,
} from '@ausculta/contract/subjects';

/** The few calls of the HTTP API that set a ward up, as an administrator. */
export interface WardClient {
  status(): Promise<Status>;
  subjects(): Promise<readonly SubjectView[]>;
  addSubject(subject: NewSubject): Promise<SubjectView>;
  /** Undefined: a device of this id is registered already, and its token is told only once. */
  addDevice(device: NewDevice): Promise<DeviceCreated | undefined>;
}

/** The server refused; `fault` is its code, such as CREDENTIALS_REFUSED. */
export class RefusedError extends Error {
  readonly fault: string;

  constructor(fault: string, message: string) {
    super(message);
    this.fault = fault;
  }
}

const REQUEST_TIMEOUT_MS = 10_000;

export interface WardAccess {
  readonly url: string;
  readonly token: string;
  /** More headers for each request, if a proxy in between would add some. */
  readonly headers?: () => Record<string, string>;
}

export function openWardClient({ url, token, headers }: WardAccess): WardClient {
  async function ask<T>(
    path: string,
    answer: { parse(value: unknown): T },
    body?: unknown,
  ): Promise<T> {
    const response = await fetch(new URL(path, url), {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        ...headers?.(),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok) throw refusal(path, response.status, text);
    return answer.parse(JSON.parse(text));
  }

  return {
    status: () => ask('/api/status', Status),
    subjects: async () => (await ask('/api/subjects', SubjectList)).subjects,
    addSubject: (subject) => ask('/api/subjects', SubjectView, subject),
    addDevice: async (device) => {
      try {
        return await ask('/api/devices', DeviceCreated, device);
      } catch (error) {
        const known = (await ask('/api/subjects', SubjectList)).subjects;
        if (known.some(({ devices }) => devices.some(({ id }) => id === device.id)))
          return undefined;
        throw error;
      }
    },
  };
}

function refusal(path: string, status: number, text: string): RefusedError {
  let problem: ReturnType<typeof Problem.safeParse>;
  try {
    problem = Problem.safeParse(JSON.parse(text));
  } catch {
    return new RefusedError('PAYLOAD_MALFORMED', `${path} answered ${status} in an unknown form`);
  }
  if (!problem.success) return new RefusedError('PAYLOAD_MALFORMED', `${path} answered ${status}`);
  const { fault, why, detail } = problem.data;
  return new RefusedError(fault, `${path} answered ${fault}: ${why} ${detail ?? ''}`.trim());
}
