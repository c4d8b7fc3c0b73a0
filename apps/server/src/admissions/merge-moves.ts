/** What has to change hands because two records are one, or are two again: until it is done. */
import type { Registry } from '../devices/registry.ts';
import type { Actor } from '../erasure/holds.ts';
import type { Acts } from '../reattribution/acts.ts';
import type { Census, Stay } from './census.ts';
import type { Stays } from './stays.ts';

const EVER = Number.POSITIVE_INFINITY;

export interface MergeMovePorts {
  readonly registry: Pick<Registry, 'devices'>;
  readonly stays: Pick<Stays, 'keep'> & { readonly census: Pick<Census, 'unfinished'> };
  readonly merges: Pick<Acts, 'correct'>;
  readonly onProblem: (what: string, error: unknown) => void;
}

/** What messages and crashes have left to be moved, of this organisation or of all. */
export async function finishAll(
  ports: MergeMovePorts,
  organisationId?: Stay['organisationId'],
): Promise<void> {
  for (const stay of ports.stays.census.unfinished()) {
    if (organisationId !== undefined && stay.organisationId !== organisationId) continue;
    const who = { organisationId: stay.organisationId, accountId: undefined };
    await finishPending(ports, stay, who);
  }
}

/** Gives the spans that are written down to whom they belong; done again, it changes nothing. */
export async function finishPending(
  { registry, merges, stays, onProblem }: MergeMovePorts,
  stay: Stay,
  who: Actor,
): Promise<void> {
  const { pending, ...done } = stay;
  if (pending === undefined) return;
  const { from, to, spans } = pending;
  let isDone = true;
  for (const { deviceId, fromMs, untilMs } of spans) {
    const device = registry.devices.get(deviceId);
    for (const worn of device?.wearers.filter(({ subjectId }) => subjectId === from) ?? []) {
      const change = {
        fromMs: Math.max(worn.fromMs, fromMs),
        untilMs: Math.min(worn.untilMs ?? EVER, untilMs ?? EVER),
        subjectId: to,
      };
      if (device === undefined || change.fromMs >= change.untilMs) continue;
      const moved = await merges.correct(who, device, change);
      if (moved.ok) continue;
      isDone = false;
      onProblem('move what was merged', new Error(moved.fault.code));
    }
  }
  // What could not be moved is tried again at the next start.
  if (isDone) await stays.keep(done);
}
