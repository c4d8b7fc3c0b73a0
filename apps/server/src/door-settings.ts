/** Settings of doors, of which some are off until they have a port and a list of who may come. */

export interface Listen {
  readonly host: string;
  readonly port: number;
}

export interface TlsFiles {
  /** As the settings begin that name them: AUSCULTA_HL7_TLS. */
  readonly setting: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Who signs the certificates of clients; undefined: clients show none, or by a list of our own. */
  readonly caFile?: string | undefined;
}

/** A door at which devices and people prove who they are. */
export interface OpenDoor extends Listen {
  /** Undefined: plain text. */
  readonly tls?: TlsFiles | undefined;
}

/** A door whose language has no sign-in. */
export interface ListedDoor extends Listen {
  /** Who may come: docs/connect-a-device.md says how the file is written. */
  readonly listFile: string;
  /** Undefined: plain TCP, for a network of its own. */
  readonly tls: TlsFiles | undefined;
}

/** What the environment says of it, half or whole. */
export interface DoorGiven {
  readonly host: string;
  readonly port: number | undefined;
  readonly list: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly ca: string | undefined;
}

export function listedDoor(
  { host, port, list, cert, key, ca }: DoorGiven,
  { setting, common }: { readonly setting: string; readonly common: TlsFiles | undefined },
): ListedDoor | undefined {
  if (port === undefined || list === undefined) return undefined;
  const own = cert && key ? { setting, certFile: cert, keyFile: key, caFile: ca } : undefined;
  return { host, port, listFile: list, tls: own ?? common };
}

/** A door without a list would hear nobody; half of TLS would be none. */
export function doorConflicts(
  { port, list, cert, key, ca }: DoorGiven,
  { prefix, listName }: { readonly prefix: string; readonly listName: string },
): string[] {
  const problems: string[] = [];
  if ((port === undefined) !== (list === undefined)) {
    problems.push(
      `${prefix}_PORT and ${prefix}_${listName} belong together. Set both, or leave both unset.`,
    );
  }
  if ((cert === undefined) !== (key === undefined)) {
    problems.push(
      `${prefix}_TLS_CERT and ${prefix}_TLS_KEY belong together. Set both, or leave both unset.`,
    );
  }
  if (ca !== undefined && cert === undefined) {
    problems.push(`${prefix}_TLS_CA is set alone. Set ${prefix}_TLS_CERT as well.`);
  }
  return problems;
}
