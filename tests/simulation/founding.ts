/** The beginning of a world, in good weather: everybody has a device. */
import type { OrganisationId } from '@ausculta/vitals/identity';
import { RegisteredDevice } from '../../apps/server/src/devices/known-device.ts';
import { Monitor, type MonitorKind } from './monitor.ts';
import { NOON, type World } from './world.ts';

/** Two hospitals on one server: what is one's is never the other's. */
const ORGANISATIONS = ['a', 'b'].map(
  (one) => `0000000${one}-0000-4000-8000-000000000001` as OrganisationId,
);
const MONITORS = 5;

/** The first of them have clocks that are right. */
const RIGHT_CLOCKS = 3;
const DAY_MS = 24 * 3_600_000;
const SKEW_MS_MAX = 2 * 3_600_000;

export async function found(
  world: World,
  until: (isDone: () => boolean) => Promise<void>,
): Promise<void> {
  const { chance, ledger, monitors } = world;
  await until(() => world.server !== undefined);
  const { registry } = world.server ?? {};
  if (registry === undefined) return;
  for (let i = 0; i < MONITORS; i += 1) {
    const organisationId = ORGANISATIONS[i % ORGANISATIONS.length] as OrganisationId;
    const kind: MonitorKind = {
      id: `monitor-${i + 1}` as MonitorKind['id'],
      organisationId,
      skewMs: i < RIGHT_CLOCKS ? 0 : chance.between(-SKEW_MS_MAX, SKEW_MS_MAX),
      tellsTime: chance.happens(0.5),
    };
    const tokenHash = new Uint8Array(32);
    const device = new RegisteredDevice({ ...kind, model: 'simulated', tokenHash });
    let isDone = false;
    const adding = world
      .admitted(registry, organisationId)
      .then((subjectId) => registry.addDevice(device, subjectId, NOON - DAY_MS))
      .then(() => {
        isDone = true;
      });
    await until(() => isDone);
    await adding;
    monitors.push(new Monitor(kind, chance, ledger));
  }
}
