/** `ausculta verify`: is everything that is stored still what was written? */
import { placedOrganisations } from '../audit/store.ts';
import { LOG_KEPT_MS } from '../telemetry/flushing.ts';
import { verifyAudit, wordsOf } from './audit.ts';
import { type CommandPorts, openGround, openGroundKeys } from './ground.ts';
import { unusable } from './manifest.ts';
import { readCounts } from './store.ts';
import { verifyAll } from './verification.ts';

/** 0 when all of it opens and the audit is what was signed, 1 when something is not. */
export async function verify(ports: CommandPorts): Promise<number> {
  const { asJson, outside, writeOut, progress } = ports;
  const startMs = outside.nowMs();
  await using ground = await openGround(ports);
  const vault = await openGroundKeys(ground, ports);
  const sql = ground.pools.line;
  let unreadable = 0;
  const checked = await verifyAll({
    sql,
    vault,
    logKeptFromMs: startMs - LOG_KEPT_MS,
    onUnreadable(found) {
      unreadable += 1;
      const whose = found.subject === null ? '' : ` of ${found.subject}`;
      writeOut(
        asJson
          ? JSON.stringify({ unreadable: found })
          : `Unreadable: ${found.what} ${found.id}${whose}: ${found.why}.`,
      );
    },
    onProgress: (what, count) => progress(`${count} of kind ${what} looked at`),
  });
  const key = vault.auditKey();
  if (key === undefined && (await placedOrganisations(sql)).length > 0)
    throw unusable('The key that signed the audit is not in the key store: restore the key store.');
  const audit = key && (await verifyAudit(ground, ports, { key }));
  const counts = await readCounts(sql);
  const tookMs = outside.nowMs() - startMs;
  if (asJson)
    writeOut(JSON.stringify({ verified: { checked, counts, unreadable, audit, tookMs } }));
  else {
    for (const [what, count] of Object.entries(checked)) writeOut(`${what}: ${count} looked at`);
    writeOut(
      unreadable === 0
        ? `All of it opens (${counts.readings} readings, ${counts.samples} samples, ${(tookMs / 1000).toFixed(1)} s).`
        : `${unreadable} do not open. Restore them from a backup, or erase what cannot be saved.`,
    );
    if (audit !== undefined)
      for (const line of wordsOf(audit.checked, audit.faults)) writeOut(line);
  }
  return unreadable === 0 && (audit?.faults ?? 0) === 0 ? 0 : 1;
}
