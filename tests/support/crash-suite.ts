/** The tests of the faults, one after the other, on one server and its data. AUSCULTA_SEED repeats the moments. */
import { randomInt } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Fault } from './crash-faults.ts';
import { CrashSite } from './crash-site.ts';
import { mulberry32 } from './device-streams.ts';

export function testFaults(faults: readonly Fault[], rounds: number): void {
  const seed = Number(process.env['AUSCULTA_SEED'] ?? randomInt(2 ** 31));
  const missing = new Map(faults.map((fault) => [fault, fault.missing()]));
  const possible = faults.filter((fault) => missing.get(fault) === undefined);

  describe(`what was acknowledged is there, once, after ${rounds} rounds (seed ${seed}) of`, () => {
    let site: CrashSite;
    before(async () => {
      site = await CrashSite.open(possible, mulberry32(seed));
    });
    after(() => site[Symbol.asyncDispose]());

    for (const fault of faults) {
      test(fault.name, { skip: missing.get(fault) ?? false }, async (t) => {
        await site.run(fault, rounds);
        t.diagnostic(`${site.acknowledged} messages acknowledged so far`);
      });
    }
  });
}
