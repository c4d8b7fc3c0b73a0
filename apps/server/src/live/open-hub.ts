/** The hub on the parts of the server. */
import type { AlarmBook } from '../alarms/book.ts';
import type { Registry } from '../devices/registry.ts';
import type { Health } from '../status/health.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Watchdog } from '../watchdog/watchdog.ts';
import { LiveHub } from './hub.ts';

export function openHub({
  telemetry,
  registry,
  alarms,
  health,
  watchdog,
  nowMs,
}: {
  readonly telemetry: Telemetry;
  readonly registry: Registry;
  readonly alarms: AlarmBook;
  readonly health: Health;
  readonly watchdog: Watchdog;
  readonly nowMs: () => number;
}): LiveHub {
  return new LiveHub({
    heads: telemetry.heads,
    nowMs,
    maySee: (organisationId, id) => registry.subjects.get(id)?.organisationId === organisationId,
    openAlarms: (id) => alarms.openOf(id),
    watchdog: () => watchdog.state(),
    degraded: () => ({ sinceMs: health.degradedSinceMs, reason: health.reason }),
  });
}
