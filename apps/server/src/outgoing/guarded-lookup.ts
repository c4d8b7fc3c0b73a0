/** What a name leads to, as far as a connection there may be made: looked at with each connection. */
import type { LookupAddress, LookupAllOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { type EndpointRules, mayConnect } from './endpoints.ts';

/** Where a name leads. */
export type Resolve = (name: string, options: LookupAllOptions) => Promise<LookupAddress[]>;

export class NotAllowed extends Error {}

export function guardedLookup(
  host: string,
  { rules, resolve }: { readonly rules: EndpointRules; readonly resolve: Resolve },
): LookupFunction {
  return (name, options, done) => {
    resolve(name, { ...options, all: true }).then(
      (addresses) => {
        const allowed = addresses.filter(({ address }) => mayConnect(host, address, rules));
        const [first] = allowed;
        if (first === undefined) done(new NotAllowed('not allowed'), []);
        else if (options.all === true) done(null, allowed);
        else done(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => done(error, []),
    );
  };
}

/** The one address to connect to, for a client that looks names up by itself: it is given none. */
export async function pinnedAddress(
  host: string,
  { rules, resolve }: { readonly rules: EndpointRules; readonly resolve: Resolve },
): Promise<string> {
  const isLiteral = isIP(host) !== 0;
  const found = isLiteral ? [{ address: host }] : await resolve(host, { all: true });
  const allowed = found.find(({ address }) => mayConnect(host, address, rules));
  if (allowed === undefined) throw new NotAllowed('not allowed');
  return allowed.address;
}
