/**
 * By which machines of the house somebody is called: the operator's list, a JSON file. The list is the permission;
 * a secret signs what is sent there, and proves what is answered from there.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { errorCode, StartProblem } from '../database/start-problem.ts';
import { parsePrefixes } from '../outgoing/endpoints.ts';
import { secretOf } from '../subscriptions/signing.ts';

const Common = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'is small letters, digits and hyphens'),
  /** Whether its name may lead to a private address. */
  private: z.boolean().default(false),
  /** Needed where there are several: whose alarms may be told there. */
  organisation: z.uuid().optional(),
});

const WebhookGiven = Common.extend({
  kind: z.literal('webhook'),
  url: z.string().refine((text) => parsePrefixes(text)?.length === 1, {
    message: 'is no address such as https://pager.example/calls',
  }),
  /** A file that holds whsec_… of Standard Webhooks. */
  secretFile: z.string().min(1),
  /** Whether it reports the key that a person has pressed; else what it does proves nobody. */
  answers: z.boolean().default(false),
});

/** An alarm manager of the house that takes IHE PCD-04 over MLLP. Its acknowledgement is no person's. */
const ManagerGiven = Common.extend({
  kind: z.literal('pcd-04'),
  host: z.string().regex(/^[A-Za-z0-9.:-]{1,253}$/, 'is no host'),
  port: z.number().int().min(1).max(65_535),
  /** In clear: where a bed has an alarm, whoever listens on the way knows it too. */
  plaintext: z.boolean().default(false),
  /** Certificates in PEM that sign the manager's; without it those that Node knows. */
  caFile: z.string().min(1).optional(),
});

const List = z.strictObject({
  gateways: z.array(z.discriminatedUnion('kind', [WebhookGiven, ManagerGiven])).max(50),
});

export interface WebhookGateway extends z.infer<typeof WebhookGiven> {
  /** As it stands in its file: whsec_… */
  readonly secret: string;
}

export interface AlarmManager extends Omit<z.infer<typeof ManagerGiven>, 'plaintext' | 'caFile'> {
  readonly tls: { readonly ca: string | undefined } | undefined;
}

export type Gateway = WebhookGateway | AlarmManager;

/** Whether it reports the key that a person has pressed. */
export const reportsKeys = (gateway: Gateway | undefined): gateway is WebhookGateway =>
  gateway?.kind === 'webhook' && gateway.answers;

export function readGateways(file: string): readonly Gateway[] {
  const list = List.safeParse(jsonOf(readText(file, 'AUSCULTA_CALLING')));
  if (!list.success) {
    const [issue] = list.error.issues;
    throw unusable(
      `${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'is not understood'}`,
    );
  }
  const { gateways } = list.data;
  if (new Set(gateways.map(({ name }) => name)).size < gateways.length)
    throw unusable('two gateways have one name');
  return gateways.map((given): Gateway => {
    if (given.kind === 'pcd-04') {
      const { plaintext, caFile, ...manager } = given;
      const ca = caFile === undefined ? undefined : readText(caFile, `caFile of ${given.name}`);
      return { ...manager, tls: plaintext ? undefined : { ca } };
    }
    const secret = readText(given.secretFile, `gateways: secretFile of ${given.name}`).trim();
    if (secretOf(secret) === undefined)
      throw unusable(`the secret of ${given.name} is not whsec_ and 24 to 64 bytes in base64`);
    return { ...given, secret };
  });
}

const unusable = (why: string, cause?: unknown): StartProblem =>
  new StartProblem(
    'CALLING_UNUSABLE',
    `The list in AUSCULTA_CALLING cannot be used: ${why}. Mend it.`,
    cause,
  );

function readText(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw unusable(`${what} names a file that cannot be read (${errorCode(cause)})`, cause);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
