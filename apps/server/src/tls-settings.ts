/** Which doors speak TLS, and which are in plain text because somebody has said so by name. */
import type { DoorGiven, Listen, TlsFiles } from './door-settings.ts';

const DOORS = ['http', 'mqtt', 'hl7', 'phd'] as const;
export type DoorName = (typeof DOORS)[number];

/** Undefined where one of the names is none of a door. */
export function parsePlaintext(text: string): readonly DoorName[] | undefined {
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  const known = names.flatMap((name) => DOORS.find((door) => door === name) ?? []);
  return known.length === names.length ? known : undefined;
}

export interface TlsGiven {
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly plaintext: readonly DoorName[];
  readonly http: Listen;
  readonly mqtt: Listen;
  readonly hl7: DoorGiven;
  readonly phd: DoorGiven;
}

/** What a door shows, if it has nothing of its own; nothing where it is to be in plain text. */
export function commonTls(
  { cert, key, plaintext }: Pick<TlsGiven, 'cert' | 'key' | 'plaintext'>,
  door: DoorName,
): TlsFiles | undefined {
  const isPlain = plaintext.includes(door) || cert === undefined || key === undefined;
  return isPlain ? undefined : { setting: 'AUSCULTA_TLS', certFile: cert, keyFile: key };
}

const TOGETHER =
  'AUSCULTA_TLS_CERT and AUSCULTA_TLS_KEY belong together. Set both, or leave both unset.';

/** Credentials and readings in plain text leave this machine only where somebody has named the door. */
export function tlsConflicts(given: TlsGiven): string[] {
  const { cert, key, plaintext, http, mqtt, hl7, phd } = given;
  if ((cert === undefined) !== (key === undefined)) return [TOGETHER];
  const open = { http, mqtt, hl7: listeningOf(hl7), phd: listeningOf(phd) };
  return DOORS.flatMap((door) => {
    const listen = open[door];
    const hasTls = cert !== undefined || (door !== 'http' && door !== 'mqtt' && given[door].cert);
    if (listen === undefined || hasTls || plaintext.includes(door) || isLoopback(listen.host))
      return [];
    const name = door.toUpperCase();
    return [
      `AUSCULTA_${name}_HOST opens ${name} to other machines in plain text. Set AUSCULTA_TLS_CERT and AUSCULTA_TLS_KEY, or name ${door} in AUSCULTA_PLAINTEXT.`,
    ];
  });
}

function listeningOf({ host, port }: DoorGiven): Pick<Listen, 'host'> | undefined {
  return port === undefined ? undefined : { host };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
