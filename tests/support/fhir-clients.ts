/** Clients of FHIR that others wrote, as far as the tests use them. */
import type { Bundle, CapabilityStatement, Resource } from '@medplum/fhirtypes';

/** Loaded by name: what we use of them is said here, and their types are those of other FHIR versions too. */
const NAMES = { kit: 'fhir-kit-client', smart: 'fhirclient' } as const;

interface Named {
  readonly resourceType: string;
  readonly id: string;
}

type Options = { readonly headers?: Readonly<Record<string, string>> };

/** Answers are plain objects; a refusal is an error with the response's status. */
export interface KitClient {
  create<T extends Resource>(asked: {
    resourceType: string;
    body: T;
    options?: Options;
  }): Promise<T>;
  read(asked: Named & { options?: Options }): Promise<Resource>;
  vread(asked: Named & { version: string }): Promise<Resource>;
  update<T extends Resource>(asked: Named & { body: T; options?: Options }): Promise<T>;
  patch(asked: Named & { jsonPatch: object[] }): Promise<Resource>;
  delete(asked: Named): Promise<unknown>;
  search(asked: {
    resourceType: string;
    searchParams?: object;
    options?: Options;
  }): Promise<Bundle>;
  nextPage(asked: { bundle: Bundle }): Promise<Bundle> | undefined;
  batch(asked: { body: Bundle }): Promise<Bundle>;
  transaction(asked: { body: Bundle }): Promise<Bundle>;
  history(asked: Partial<Named>): Promise<Bundle>;
  capabilityStatement(): Promise<CapabilityStatement>;
  operation(
    asked: Partial<Named> & { name: string; method?: 'GET' | 'POST'; input?: object },
  ): Promise<Resource>;
}

export async function kitClient(baseUrl: string, bearerToken: string): Promise<KitClient> {
  const { Client } = (await import(NAMES.kit)) as {
    Client: new (config: { baseUrl: string; bearerToken: string }) => KitClient;
  };
  return new Client({ baseUrl, bearerToken });
}

/** The status of a refusal, as `fhir-kit-client` and `fhirclient` tell it. */
export function clientStatus(error: unknown): number | undefined {
  const { response, status, statusCode } = error as {
    response?: { status?: number };
    status?: number;
    statusCode?: number;
  };
  return response?.status ?? status ?? statusCode;
}

export interface SmartClient {
  create<T extends Resource>(resource: T): Promise<T>;
  update<T extends Resource>(resource: T, options?: object): Promise<T>;
  patch<T extends Resource>(url: string, operations: object[]): Promise<T>;
  delete(url: string): Promise<unknown>;
  request<T>(asked: string | object, options?: object): Promise<T>;
  getFhirVersion(): Promise<string>;
}

type SmartApi = (
  request: object,
  response: object,
  storage: object,
) => { client(state: object): SmartClient };

export async function smartClient(serverUrl: string, token: string): Promise<SmartClient> {
  const { default: smart } = (await import(NAMES.smart)) as { default: SmartApi };
  const request = { url: '/', headers: { host: 'localhost' }, socket: {} };
  const storage = {
    get: async () => undefined,
    set: async () => undefined,
    unset: async () => true,
  };
  const api = smart(request, {}, storage);
  return api.client({ serverUrl, tokenResponse: { access_token: token, token_type: 'Bearer' } });
}
