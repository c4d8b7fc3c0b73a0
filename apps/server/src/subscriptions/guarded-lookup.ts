/** What a name leads to, as far as a connection there may be made: looked at with each connection. */
import type { LookupAddress, LookupAllOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
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
