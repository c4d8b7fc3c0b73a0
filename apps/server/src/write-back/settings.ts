/**
 * Where summaries may go: the operator's list, a JSON file. The list is the permission: an address that is
 * not in it is asked for nothing, and each name is looked at with every connection.
 */

import { isSummarised } from '@ausculta/fhir/day-summary';
import { localDays } from '@ausculta/fhir/local-day';
import { metricByKey } from '@ausculta/vitals/lookup';
import { z } from 'zod';
import { parsePrefixes } from '../outgoing/endpoints.ts';

const MINUTE_MS = 60_000;

const Address = z.string().refine((text) => parsePrefixes(text)?.length === 1, {
  message: 'is no address such as https://ehr.example/fhir/',
});

const Credentials = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('bearer'), tokenFile: z.string().min(1) }),
  /** SMART App Launch 2, Backend Services: a key of ours instead of a secret that both know. */
  z.strictObject({
    kind: z.literal('smart-backend'),
    tokenUrl: Address,
    clientId: z.string().min(1).max(200),
    keyFile: z.string().min(1),
    keyId: z.string().min(1).max(200),
    algorithm: z.enum(['ES384', 'RS384']).default('ES384'),
    scope: z.string().max(500).default('system/Patient.rs system/Observation.cruds'),
  }),
]);
export type Credentials = z.infer<typeof Credentials>;

const DestinationGiven = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'is small letters, digits and hyphens'),
  url: Address.transform((text) => parsePrefixes(text)?.[0] ?? text),
  /** Whether its name may lead to a private address. */
  private: z.boolean().default(false),
  /** Needed where there are several: whose patients may go there. */
  organisation: z.uuid().optional(),
  zone: z.string().refine((zone) => localDays(zone) !== undefined, 'is no time zone'),
  /** By which identifier a patient is known there. */
  patientSystem: z.string().min(1).max(500),
  /** Whether our own record number is that identifier; else it is one of our Patient's, of that system. */
  patientNumber: z.enum(['identifier', 'record-number']).default('identifier'),
  credentials: Credentials,
  metrics: z
    .array(
      z.string().refine((key) => {
        const metric = metricByKey(key);
        return metric !== undefined && isSummarised(metric);
      }, 'is no number with a LOINC code'),
    )
    .optional(),
  /** A day is sent so long after it is over: devices bring what they have kept. */
  afterMinutes: z.number().int().min(0).max(10_080).default(60),
  /** What changes later is gathered for so long. */
  quietMinutes: z.number().int().min(0).max(1_440).default(5),
});

const List = z.strictObject({ destinations: z.array(DestinationGiven).max(20) });

export interface Destination
  extends Omit<z.infer<typeof DestinationGiven>, 'afterMinutes' | 'quietMinutes'> {
  readonly afterMs: number;
  readonly quietMs: number;
}

/** Words where it cannot be used. */
export function readDestinations(text: string): readonly Destination[] | string {
  const parsed = List.safeParse(jsonOf(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'is not understood'}`;
  }
  const { destinations } = parsed.data;
  const names = destinations.map(({ name }) => name);
  if (new Set(names).size < names.length) return 'two destinations have one name';
  return destinations.map(({ afterMinutes, quietMinutes, ...rest }) => ({
    ...rest,
    afterMs: afterMinutes * MINUTE_MS,
    quietMs: quietMinutes * MINUTE_MS,
  }));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
