/** By which relay mails go, and to whom they may: nobody, until the operator has named both. */

export interface MailSettings {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; else the relay has to offer STARTTLS, unless it is this very machine. */
  readonly isSecure: boolean;
  readonly user: string | undefined;
  /** Read for each mail: whoever changes it restarts nothing. */
  readonly passwordFile: string | undefined;
  /** Of an authority of the operator's own; undefined: those that Node knows. */
  readonly caFile: string | undefined;
  readonly from: string;
  /** In small letters; each as it is, without those below it. */
  readonly domains: readonly string[];
  /** Who answers for privacy; undefined: nobody is told by mail. */
  readonly privacyOfficer: string | undefined;
}

/** What the environment says of it, half or whole. */
export interface MailGiven {
  readonly relay: MailRelayAddress | undefined;
  readonly passwordFile: string | undefined;
  readonly caFile: string | undefined;
  readonly from: string | undefined;
  readonly domains: readonly string[];
  readonly privacyOfficer: string | undefined;
}

export type MailRelayAddress = Pick<MailSettings, 'host' | 'port' | 'isSecure' | 'user'>;

/**
 * RFC 5321 without quotes, without letters that are not ASCII, and without the signs by which old relays send
 * a mail on to another domain: a name that can be misread is none.
 */
const ADDRESS =
  /^([A-Za-z0-9#$&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9#$&'*+/=?^_`{|}~-]+)*)@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)$/;
const ADDRESS_MAX = 254;
const LOCAL_MAX = 64;

export function parseAddress(text: string): { readonly domain: string } | undefined {
  const [, local = '', domain] = ADDRESS.exec(text) ?? [];
  const isShort = text.length <= ADDRESS_MAX && local.length <= LOCAL_MAX;
  return domain === undefined || !isShort ? undefined : { domain: domain.toLowerCase() };
}

/** smtp://user@relay.example:587 or smtps://relay.example; the password has a file of its own. */
export function parseRelay(text: string): MailRelayAddress | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isSecure = url.protocol === 'smtps:';
  const isPlain = url.password === '' && url.search === '' && url.hash === '';
  const isBare = url.pathname === '' || url.pathname === '/';
  if ((!isSecure && url.protocol !== 'smtp:') || !isPlain || !isBare || url.hostname === '')
    return undefined;
  const port = url.port === '' ? (isSecure ? 465 : 587) : Number(url.port);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const user = url.username === '' ? undefined : decodeURIComponent(url.username);
  return { host, port, isSecure, user };
}

export function parseDomains(text: string): string[] | undefined {
  const domains = text.split(',').map((part) => part.trim().toLowerCase());
  const areDomains = domains.every((domain) => parseAddress(`x@${domain}`) !== undefined);
  return areDomains ? domains : undefined;
}

export function mailSettings(given: MailGiven): MailSettings | undefined {
  const { relay, from, ...rest } = given;
  return relay === undefined || from === undefined ? undefined : { ...relay, ...rest, from };
}

export function mailConflicts(given: MailGiven): string[] {
  const { relay, passwordFile, from, domains, privacyOfficer } = given;
  const known = [relay !== undefined, from !== undefined, domains.length > 0];
  const problems: string[] = [];
  if (new Set(known).size > 1)
    problems.push(
      'AUSCULTA_MAIL_RELAY, AUSCULTA_MAIL_FROM and AUSCULTA_MAIL_DOMAINS belong together. Set all of them, or none.',
    );
  if ((relay?.user === undefined) !== (passwordFile === undefined))
    problems.push(
      'AUSCULTA_MAIL_PASSWORD_FILE and a user in AUSCULTA_MAIL_RELAY belong together. Set both, or neither.',
    );
  const domain = privacyOfficer && parseAddress(privacyOfficer)?.domain;
  if (domain !== undefined && !domains.includes(domain))
    problems.push(
      'AUSCULTA_PRIVACY_OFFICER is of no domain that AUSCULTA_MAIL_DOMAINS lists. Add it there.',
    );
  return problems;
}

export function isOnThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
