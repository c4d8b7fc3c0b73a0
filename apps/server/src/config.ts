import { z } from 'zod';
import {
  AUDIT_HOOK_MENDS,
  AUDIT_HOOK_SETTINGS,
  type AuditHook,
  auditHookConflicts,
  auditHookOf,
} from './audit/hook-settings.ts';
import { type Connection, parseDatabaseUrl } from './database/connection.ts';
import { DISK_RESERVE_BYTES } from './database/data-directory.ts';
import { doorConflicts, type ListedDoor, listedDoor, type OpenDoor } from './door-settings.ts';
import { hl7Given, phdGiven, tlsGiven } from './doors-given.ts';
import type { IndicatorSettings } from './indicators/indicators.ts';
import { INDICATORS_MEND, parseIndicators } from './indicators/settings.ts';
import { masterKeyConflicts, masterKeyOf } from './master-key-settings.ts';
import { parsePrefixes } from './outgoing/endpoints.ts';
import { isNetwork } from './people/networks.ts';
import {
  PEOPLE_MENDS,
  PEOPLE_SETTINGS,
  type PeopleSettings,
  peopleSettings,
} from './people/settings.ts';
import { host, masterKey, orIssue, port } from './setting-forms.ts';
import {
  type MailGiven,
  mailConflicts,
  mailSettings,
  parseAddress,
  parseDomains,
  parseRelay,
} from './subscriptions/mail-settings.ts';
import type { SubscriptionSettings } from './subscriptions/subscriptions.ts';
import { parseRetention, type RetentionRule } from './telemetry/retention-policy.ts';
import { commonTls, parsePlaintext, tlsConflicts } from './tls-settings.ts';
import { unknownSettings } from './unknown-settings.ts';
import type { MasterKeySource } from './vault/open-vault.ts';

/**
 * Everything the server may be told by its environment, in one place. Whatever is wrong is answered
 * all at once, each as one line that names the setting and its mend.
 */
export interface Config extends PeopleSettings {
  /** Keys, secrets, and the embedded PostgreSQL. */
  readonly dataDir: string;
  /** An external PostgreSQL, 15 to 18. Undefined: the embedded one. */
  readonly database: Connection | undefined;
  /** Where the embedded PostgreSQL listens on loopback. Undefined: on its private socket alone. */
  readonly postgresPort: number | undefined;
  /** What the system preloads into programs goes for the embedded PostgreSQL too; else it inherits nothing. */
  readonly preload: string | undefined;
  readonly http: OpenDoor;
  readonly mqtt: OpenDoor;
  /** The door for HL7 v2, off unless somebody gives it a port. */
  readonly hl7: ListedDoor | undefined;
  /** The door for health devices, IEEE 11073-20601; off as well. */
  readonly phd: ListedDoor | undefined;
  /** For so long a device's certificate is good. */
  readonly certificateDays: number;
  /** Where signed heads of the audit are kept. Undefined: in the data directory. */
  readonly auditHeadsFile: string | undefined;
  /** Where they are sent as well. Undefined: nowhere. */
  readonly auditHook: AuditHook | undefined;
  /** Proxies whose X-Forwarded headers are believed: addresses, or networks as 10.0.0.0/8. */
  readonly trustedProxies: readonly string[];
  readonly masterKey: MasterKeySource;
  /** Where keys are kept. Undefined: beside the database, in the data directory. */
  readonly keyStoreDir: string | undefined;
  /** Any moment of so many days stays within reach of a restore. */
  readonly backupsKeptDays: number;
  /** A directory of another disk for a second copy of the keys. Undefined: there is none. */
  readonly keyReplicaDir: string | undefined;
  /** What may be in memory because the store does not have it yet. Undefined: by the machine. */
  readonly memoryBytes: number | undefined;
  /** So much of the disk stays free: below it nothing is taken in. */
  readonly diskReserveBytes: number;
  /** What is not kept for ever. */
  readonly retention: readonly RetentionRule[];
  /** Where subscribers may be told, and for how long. */
  readonly subscriptions: SubscriptionSettings;
  /** The file that lists where daily summaries may go. Undefined: nowhere. */
  readonly writeBackFile: string | undefined;
  /** What is reported of each organisation, and how often. Undefined: nothing. */
  readonly indicators: IndicatorSettings | undefined;
  /** The file that lists the gateways by which people are called. Undefined: by none. */
  readonly callingFile: string | undefined;
  /** Replays recordings of invented patients; set by `npm run demo` alone. */
  readonly demo: boolean;
}

export type ConfigOutcome =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[] };

type Environment = Readonly<Record<string, string | undefined>>;

const MEBIBYTE = 1024 * 1024;
const HOUR_MS = 3_600_000;
const SUBSCRIPTIONS_MAX = 1_000;

/** Some seconds of a ward: below this everybody would wait for each flush. */
const MEMORY_MIN_MIB = 16;

/** Below this PostgreSQL could not even write what a restart has to write. */
const DISK_RESERVE_MIN_MIB = 32;

const MASTER_KEY_MEND =
  'Set it to 32 bytes as 64 hexadecimal digits (openssl rand -hex 32) or in base64.';
const CERT_MEND = 'Set it to a certificate in PEM.';
const KEY_MEND = 'Set it to the key of that certificate in PEM.';
const PORT_MEND = 'Set it to a whole number from 1 to 65535.';
const HOST_MEND =
  'Set it to an address of this machine: 127.0.0.1 for this machine alone, 0.0.0.0 or :: for all of its networks.';

const Settings = z.object({
  LD_PRELOAD: z.string().optional(),
  AUSCULTA_DATA_DIR: z.string().default('./data'),
  DATABASE_URL: z
    .string()
    .optional()
    .transform((url, context) => {
      if (url === undefined) return undefined;
      const connection = parseDatabaseUrl(url);
      if (typeof connection !== 'string') return connection;
      context.addIssue({ code: 'custom', message: connection });
      return z.NEVER;
    }),
  // Loopback until somebody decides otherwise: a monitor is not to be found by a whole network by chance.
  AUSCULTA_HTTP_HOST: host.default('127.0.0.1'),
  AUSCULTA_HTTP_PORT: port.default(8080),
  AUSCULTA_MQTT_HOST: host.default('127.0.0.1'),
  AUSCULTA_MQTT_PORT: port.default(1883),
  AUSCULTA_TLS_CERT: z.string().optional(),
  AUSCULTA_TLS_KEY: z.string().optional(),
  AUSCULTA_PLAINTEXT: z.string().optional().transform(orIssue(parsePlaintext, 'is no list')),
  AUSCULTA_HL7_HOST: host.default('127.0.0.1'),
  AUSCULTA_HL7_PORT: port.optional(),
  AUSCULTA_HL7_SENDERS: z.string().optional(),
  AUSCULTA_HL7_TLS_CERT: z.string().optional(),
  AUSCULTA_HL7_TLS_KEY: z.string().optional(),
  AUSCULTA_HL7_TLS_CA: z.string().optional(),
  AUSCULTA_PHD_HOST: host.default('127.0.0.1'),
  AUSCULTA_PHD_PORT: port.optional(),
  AUSCULTA_PHD_AGENTS: z.string().optional(),
  AUSCULTA_PHD_TLS_CERT: z.string().optional(),
  AUSCULTA_PHD_TLS_KEY: z.string().optional(),
  AUSCULTA_PHD_TLS_CA: z.string().optional(),
  // Whoever may set X-Forwarded-For may be any address: nobody, until somebody names the proxy.
  AUSCULTA_TRUSTED_PROXIES: z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(z.string().refine(isNetwork)))
    .default([]),
  AUSCULTA_DEVICE_CERT_DAYS: z.coerce.number().int().min(1).max(825).default(90),
  AUSCULTA_BACKUPS_KEPT_DAYS: z.coerce.number().int().min(1).max(36_500).default(30),
  AUSCULTA_KEY_STORE_DIR: z.string().optional(),
  AUSCULTA_AUDIT_HEADS: z.string().optional(),
  AUSCULTA_KEY_REPLICA_DIR: z.string().optional(),
  AUSCULTA_MASTER_KEY: masterKey.optional(),
  AUSCULTA_MASTER_KEY_PREVIOUS: masterKey.optional(),
  AUSCULTA_KMS_URL: z.url({ protocol: /^https?$/ }).optional(),
  AUSCULTA_KMS_KEY: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,100}$/)
    .default('ausculta'),
  AUSCULTA_KMS_TOKEN_FILE: z.string().optional(),
  AUSCULTA_MEMORY_MIB: z.coerce
    .number()
    .int()
    .min(MEMORY_MIN_MIB)
    .max(1024 * 1024)
    .optional(),
  AUSCULTA_DISK_RESERVE_MIB: z.coerce
    .number()
    .int()
    .min(DISK_RESERVE_MIN_MIB)
    .max(1024 * 1024)
    .default(DISK_RESERVE_BYTES / MEBIBYTE),
  // Whoever keeps less than everything says so: by default nothing is let go.
  AUSCULTA_RETENTION: z
    .string()
    .transform((text, context) => {
      const rules = parseRetention(text);
      if (rules !== undefined) return rules;
      context.addIssue({ code: 'custom', message: 'is not a list of rules' });
      return z.NEVER;
    })
    .default([]),
  // What is measured leaves for nowhere, until somebody names where to.
  AUSCULTA_HOOKS: z
    .string()
    .transform((text, context) => {
      const prefixes = parsePrefixes(text);
      if (prefixes !== undefined) return prefixes;
      context.addIssue({ code: 'custom', message: 'is not a list of addresses' });
      return z.NEVER;
    })
    .default([]),
  AUSCULTA_HOOKS_PRIVATE: z.enum(['0', '1']).default('0'),
  AUSCULTA_HOOKS_HOURS: z.coerce.number().int().min(1).max(720).default(24),
  AUSCULTA_EVENTS_DAYS: z.coerce.number().int().min(1).max(365).default(7),
  AUSCULTA_MAIL_RELAY: z.string().optional().transform(orIssue(parseRelay, 'is no relay')),
  AUSCULTA_MAIL_PASSWORD_FILE: z.string().optional(),
  AUSCULTA_MAIL_CA: z.string().optional(),
  AUSCULTA_MAIL_FROM: z
    .string()
    .refine((text) => parseAddress(text) !== undefined)
    .optional(),
  AUSCULTA_MAIL_DOMAINS: z.string().optional().transform(orIssue(parseDomains, 'is no list')),
  AUSCULTA_PRIVACY_OFFICER: z
    .string()
    .refine((text) => parseAddress(text) !== undefined)
    .optional(),
  AUSCULTA_WRITE_BACK: z.string().optional(),
  AUSCULTA_INDICATORS: z.string().optional().transform(orIssue(parseIndicators, 'is no period')),
  AUSCULTA_CALLING: z.string().optional(),
  ...AUDIT_HOOK_SETTINGS,
  ...PEOPLE_SETTINGS,
  AUSCULTA_DEMO: z.enum(['0', '1']).default('0'),
  AUSCULTA_POSTGRES_PORT: z.union([z.literal('0').transform(() => undefined), port]).optional(),
});

type SettingName = keyof typeof Settings.shape;

/** How to mend each setting. A value is never repeated: an address may hold a password. */
const MENDS: Readonly<Record<SettingName, string>> = {
  LD_PRELOAD: 'Leave it unset, or set it to what the system’s loader takes.',
  AUSCULTA_DATA_DIR: 'Set it to a directory, such as ./data.',
  DATABASE_URL: 'Set it to postgres://USER:PASSWORD@HOST:5432/DATABASE, or leave it unset.',
  AUSCULTA_HTTP_HOST: HOST_MEND,
  AUSCULTA_HTTP_PORT: PORT_MEND,
  AUSCULTA_MQTT_HOST: HOST_MEND,
  AUSCULTA_MQTT_PORT: PORT_MEND,
  AUSCULTA_TLS_CERT: CERT_MEND,
  AUSCULTA_TLS_KEY: KEY_MEND,
  AUSCULTA_PLAINTEXT: 'Set it to doors, separated by commas, of http, mqtt, hl7 and phd.',
  AUSCULTA_HL7_HOST: HOST_MEND,
  AUSCULTA_HL7_PORT: PORT_MEND,
  AUSCULTA_HL7_SENDERS: 'Set it to the JSON file that names who may send.',
  AUSCULTA_HL7_TLS_CERT: CERT_MEND,
  AUSCULTA_HL7_TLS_KEY: KEY_MEND,
  AUSCULTA_HL7_TLS_CA: 'Set it to the certificates, in PEM, that sign those of senders.',
  AUSCULTA_PHD_HOST: HOST_MEND,
  AUSCULTA_PHD_PORT: PORT_MEND,
  AUSCULTA_PHD_AGENTS: 'Set it to the JSON file that names who may associate.',
  AUSCULTA_PHD_TLS_CERT: CERT_MEND,
  AUSCULTA_PHD_TLS_KEY: KEY_MEND,
  AUSCULTA_PHD_TLS_CA: 'Set it to the certificates, in PEM, that sign those of agents.',
  AUSCULTA_TRUSTED_PROXIES:
    'Set it to the addresses of your proxies, separated by commas, such as 10.0.0.5 or 10.0.0.0/24, or leave it unset.',
  AUSCULTA_DEVICE_CERT_DAYS:
    'Set it to a whole number of days from 1 to 825, or leave it unset for 90.',
  AUSCULTA_BACKUPS_KEPT_DAYS:
    'Set it to a whole number of days from 1 to 36500, or leave it unset for 30.',
  AUSCULTA_KEY_REPLICA_DIR: 'Set it to a directory of another disk that exists, or leave it unset.',
  AUSCULTA_AUDIT_HEADS:
    'Set it to a file on a disk that administrators of the database cannot write to, or leave it unset.',
  AUSCULTA_KEY_STORE_DIR: 'Set it to a directory outside the database, or leave it unset.',
  AUSCULTA_MASTER_KEY: MASTER_KEY_MEND,
  AUSCULTA_MASTER_KEY_PREVIOUS: MASTER_KEY_MEND,
  AUSCULTA_KMS_URL:
    'Set it to the transit engine of your key service, such as https://vault.example:8200/v1/transit.',
  AUSCULTA_KMS_KEY: 'Set it to the name of a key of that service.',
  AUSCULTA_KMS_TOKEN_FILE: 'Set it to the file that holds the token for the key service.',
  AUSCULTA_MEMORY_MIB: `Set it to a whole number of MiB, ${MEMORY_MIN_MIB} or more, or leave it unset for an eighth of the machine.`,
  AUSCULTA_DISK_RESERVE_MIB: `Set it to a whole number of MiB, ${DISK_RESERVE_MIN_MIB} or more, or leave it unset for ${DISK_RESERVE_BYTES / MEBIBYTE}.`,
  AUSCULTA_RETENTION:
    'Set it to rules such as waveform raw 90, waveform roll-up 730, numeric raw 3650 (in days), or leave it unset to keep everything.',
  AUSCULTA_HOOKS:
    'Set it to beginnings of addresses, separated by commas, such as https://hooks.example/ausculta/, or leave it unset.',
  AUSCULTA_HOOKS_PRIVATE: 'Set it to 1 where names of AUSCULTA_HOOKS lead to private addresses.',
  AUSCULTA_HOOKS_HOURS:
    'Set it to a whole number of hours from 1 to 720, or leave it unset for 24.',
  AUSCULTA_EVENTS_DAYS: 'Set it to a whole number of days from 1 to 365, or leave it unset for 7.',
  AUSCULTA_MAIL_RELAY: 'Set it to smtp://USER@HOST:587 or smtps://HOST, without a password.',
  AUSCULTA_MAIL_PASSWORD_FILE: 'Set it to the file that holds the password for the relay.',
  AUSCULTA_MAIL_CA: 'Set it to the certificates, in PEM, that sign the relay’s, or leave it unset.',
  AUSCULTA_MAIL_FROM: 'Set it to an address such as ausculta@hospital.example.',
  AUSCULTA_MAIL_DOMAINS: 'Set it to domains, separated by commas, such as hospital.example.',
  AUSCULTA_PRIVACY_OFFICER: 'Set it to one address, such as privacy@hospital.example.',
  AUSCULTA_INDICATORS: INDICATORS_MEND,
  AUSCULTA_WRITE_BACK: 'Set it to the JSON file that lists where daily summaries may go.',
  AUSCULTA_CALLING: 'Set it to the JSON file that lists the gateways by which people are called.',
  ...AUDIT_HOOK_MENDS,
  ...PEOPLE_MENDS,
  AUSCULTA_DEMO: 'Leave it unset; npm run demo sets it to 1.',
  AUSCULTA_POSTGRES_PORT:
    'Set it to a whole number from 1 to 65535, or leave it unset for a private socket.',
};

export function readConfig(environment: Environment): ConfigOutcome {
  // A setting left empty, as compose files do, is one left unset.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = Settings.safeParse(given);
  const problems = [
    ...unknownSettings(Object.keys(given), Object.keys(Settings.shape)),
    ...(parsed.error ? wrong(parsed.error) : []),
  ];
  if (parsed.success)
    problems.push(
      ...sharedPort(parsed.data),
      ...doorConflicts(hl7Given(parsed.data), { prefix: 'AUSCULTA_HL7', listName: 'SENDERS' }),
      ...doorConflicts(phdGiven(parsed.data), { prefix: 'AUSCULTA_PHD', listName: 'AGENTS' }),
      ...tlsConflicts(tlsGiven(parsed.data)),
      ...masterKeyConflicts(parsed.data),
      ...mailConflicts(mailGiven(parsed.data)),
      ...auditHookConflicts(parsed.data),
    );
  if (!parsed.success || problems.length > 0) return { ok: false, problems };

  const settings = parsed.data;
  const doors = tlsGiven(settings);
  return {
    ok: true,
    config: {
      dataDir: settings.AUSCULTA_DATA_DIR,
      database: settings.DATABASE_URL,
      postgresPort: settings.AUSCULTA_POSTGRES_PORT,
      preload: settings.LD_PRELOAD,
      http: { ...doors.http, tls: commonTls(doors, 'http') },
      mqtt: { ...doors.mqtt, tls: commonTls(doors, 'mqtt') },
      hl7: listedDoor(doors.hl7, {
        setting: 'AUSCULTA_HL7_TLS',
        common: commonTls(doors, 'hl7'),
      }),
      phd: listedDoor(doors.phd, {
        setting: 'AUSCULTA_PHD_TLS',
        common: commonTls(doors, 'phd'),
      }),
      certificateDays: settings.AUSCULTA_DEVICE_CERT_DAYS,
      auditHeadsFile: settings.AUSCULTA_AUDIT_HEADS,
      auditHook: auditHookOf(settings),
      trustedProxies: settings.AUSCULTA_TRUSTED_PROXIES,
      ...peopleSettings(settings),
      masterKey: masterKeyOf(settings),
      keyStoreDir: settings.AUSCULTA_KEY_STORE_DIR,
      backupsKeptDays: settings.AUSCULTA_BACKUPS_KEPT_DAYS,
      keyReplicaDir: settings.AUSCULTA_KEY_REPLICA_DIR,
      memoryBytes:
        settings.AUSCULTA_MEMORY_MIB === undefined
          ? undefined
          : settings.AUSCULTA_MEMORY_MIB * MEBIBYTE,
      diskReserveBytes: settings.AUSCULTA_DISK_RESERVE_MIB * MEBIBYTE,
      retention: settings.AUSCULTA_RETENTION,
      subscriptions: {
        prefixes: settings.AUSCULTA_HOOKS,
        mayBePrivate: settings.AUSCULTA_HOOKS_PRIVATE === '1',
        followedMax: SUBSCRIPTIONS_MAX,
        giveUpMs: settings.AUSCULTA_HOOKS_HOURS * HOUR_MS,
        keptMs: settings.AUSCULTA_EVENTS_DAYS * 24 * HOUR_MS,
        mail: mailSettings(mailGiven(settings)),
      },
      writeBackFile: settings.AUSCULTA_WRITE_BACK,
      indicators: settings.AUSCULTA_INDICATORS,
      callingFile: settings.AUSCULTA_CALLING,
      demo: settings.AUSCULTA_DEMO === '1',
    },
  };
}

function wrong(error: z.ZodError): string[] {
  const names = new Set(error.issues.map((issue) => String(issue.path[0])));
  return [...names].map((name) => {
    const own = error.issues.find((issue) => issue.path[0] === name && issue.code === 'custom');
    return `${name} ${own?.message ?? 'is not usable'}. ${MENDS[name as SettingName]}`;
  });
}

/** Two doors on one address cannot both open; say so before one of them fails. */
function sharedPort(settings: z.infer<typeof Settings>): string[] {
  const ports = [
    ['AUSCULTA_HTTP_PORT', settings.AUSCULTA_HTTP_PORT],
    ['AUSCULTA_MQTT_PORT', settings.AUSCULTA_MQTT_PORT],
    ['AUSCULTA_HL7_PORT', settings.AUSCULTA_HL7_PORT],
    ['AUSCULTA_PHD_PORT', settings.AUSCULTA_PHD_PORT],
    ['AUSCULTA_POSTGRES_PORT', settings.AUSCULTA_POSTGRES_PORT],
  ] as const;
  return ports.flatMap(([name, value], index) => {
    const earlier = ports.slice(0, index).find(([, taken]) => taken === value);
    if (value === undefined || earlier === undefined) return [];
    return [`${name} is ${value}, as is ${earlier[0]}. Give each its own port.`];
  });
}

function mailGiven(settings: z.infer<typeof Settings>): MailGiven {
  return {
    relay: settings.AUSCULTA_MAIL_RELAY,
    passwordFile: settings.AUSCULTA_MAIL_PASSWORD_FILE,
    caFile: settings.AUSCULTA_MAIL_CA,
    from: settings.AUSCULTA_MAIL_FROM,
    domains: settings.AUSCULTA_MAIL_DOMAINS ?? [],
    privacyOfficer: settings.AUSCULTA_PRIVACY_OFFICER,
  };
}
