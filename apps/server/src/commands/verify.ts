/** `ausculta verify`: is everything that is stored still what was written? */
import { LOG_KEPT_MS } from '../telemetry/flushing.ts';
import { type CommandPorts, openGround, openGroundKeys } from './ground.ts';
import { readCounts } from './store.ts';
import { verifyAll } from './verification.ts';

/** 0 when all of it opens, 1 when something does not. */
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
  const counts = await readCounts(sql);
  const tookMs = outside.nowMs() - startMs;
  if (asJson) writeOut(JSON.stringify({ verified: { checked, counts, unreadable, tookMs } }));
  else {
    for (const [what, count] of Object.entries(checked)) writeOut(`${what}: ${count} looked at`);
    writeOut(
      unreadable === 0
        ? `All of it opens (${counts.readings} readings, ${counts.samples} samples, ${(tookMs / 1000).toFixed(1)} s).`
        : `${unreadable} do not open. Restore them from a backup, or erase what cannot be saved.`,
    );
  }
  return unreadable === 0 ? 0 : 1;
}
