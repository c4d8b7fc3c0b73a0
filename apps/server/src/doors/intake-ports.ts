/** What every door hands its messages to, on the parts of the server. */
import { createHash } from 'node:crypto';
import type { IntakePorts } from './intake.ts';

interface IntakeParts extends Pick<IntakePorts, 'registry' | 'parking' | 'onProblem'> {
  readonly telemetry: Pick<IntakePorts, 'append'> & {
    readonly memory: { readonly pressure: ReturnType<IntakePorts['pressure']> };
  };
  readonly alarms: { readonly evaluateRefused: IntakePorts['watchRefused'] };
  readonly health: { readonly isFull: boolean };
}

export function intakePorts(parts: IntakeParts): IntakePorts {
  const { telemetry, alarms, health, registry, parking, onProblem } = parts;
  return {
    append: telemetry.append,
    ...{ registry, parking, onProblem },
    contentId: (deviceId, bytes) =>
      createHash('sha256').update(deviceId).update('\0').update(bytes).digest('base64url'),
    isFull: () => health.isFull,
    pressure: () => telemetry.memory.pressure,
    watchRefused: (entries) => alarms.evaluateRefused(entries),
  };
}
