/** Settings of doors, of which some are off until they have a port and a list of who may come. */

export interface Listen {
  readonly host: string;
  readonly port: number;
}

/** A door whose language has no sign-in. */
export interface ListedDoor extends Listen {
  /** Who may come: docs/connect-a-device.md says how the file is written. */
  readonly listFile: string;
  /** Undefined: plain TCP, for a network of its own. */
  readonly tls: { certFile: string; keyFile: string; caFile: string | undefined } | undefined;
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

export function listedDoor({ host, port, list, cert, key, ca }: DoorGiven): ListedDoor | undefined {
  if (port === undefined || list === undefined) return undefined;
  const tls = cert && key ? { certFile: cert, keyFile: key, caFile: ca } : undefined;
  return { host, port, listFile: list, tls };
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
