/**
 * Where notifications may go: nowhere, unless the operator has listed it. The list names beginnings of
 * addresses; what a name leads to is looked at again with each connection, so that nobody who owns a name
 * can point it into the network that the server stands in.
 */
import { BlockList, isIP } from 'node:net';

export interface EndpointRules {
  /** Each without a question, and with a slash at its end. */
  readonly prefixes: readonly string[];
  /** Whether a listed name may lead to a private address. */
  readonly mayBePrivate: boolean;
}

/** Undefined for what is no such list. An address is https, or http of this machine or where it is listed so. */
export function parsePrefixes(text: string): string[] | undefined {
  const given = text.split(',').map((part) => part.trim());
  const prefixes = given.map((one) => {
    const url = urlOf(one);
    if (url === undefined || url.search !== '') return undefined;
    return url.href.endsWith('/') ? url.href : `${url.href}/`;
  });
  const known = prefixes.filter((one) => one !== undefined);
  return known.length === prefixes.length ? known : undefined;
}

function urlOf(text: string): URL | undefined {
  if (!URL.canParse(text) || /[\\\s]/.test(text)) return undefined;
  const url = new URL(text);
  const isPlain = url.username === '' && url.password === '' && url.hash === '';
  return isPlain && /^https?:$/.test(url.protocol) ? url : undefined;
}

export function allowedEndpoint(text: string, { prefixes }: EndpointRules): URL | undefined {
  const url = urlOf(text);
  // What some servers read as a slash, which takes them out of the path that was listed.
  if (url === undefined || /%2f|%5c/i.test(url.pathname)) return undefined;
  const place = `${url.origin}${url.pathname}`;
  const isListed = prefixes.some(
    (prefix) => place === prefix.slice(0, -1) || place.startsWith(prefix),
  );
  return isListed ? url : undefined;
}

function listOf(networks: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of networks) {
    list.addSubnet(address, prefix, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

const LOOPBACK = listOf([
  ['127.0.0.0', 8],
  ['::1', 128],
]);

const PRIVATE = listOf([
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['fc00::', 7],
]);

/** Where the keys of a cloud machine are told, among others: never. */
const NEVER = listOf([
  ['0.0.0.0', 8],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
]);

/** Another address within one of IPv6, and "nowhere"; this machine's own is among them. */
const EMBEDDED = listOf([['::', 96]]);

/** Whether a connection to an address may be made, which a listed host has led to. */
export function mayConnect(host: string, address: string, rules: EndpointRules): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(plain) === 0 || NEVER.check(plain, family)) return false;
  const bare = host.replace(/^\[|\]$/g, '');
  // Who lists an address means it.
  const isMeant = bare === plain || isIP(bare) !== 0;
  if (LOOPBACK.check(plain, family)) return isMeant || bare === 'localhost';
  if (EMBEDDED.check(plain, family)) return false;
  return !PRIVATE.check(plain, family) || isMeant || rules.mayBePrivate;
}
