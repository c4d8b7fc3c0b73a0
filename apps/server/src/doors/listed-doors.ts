/** The doors of languages without a sign-in, where the settings open them. */
import type { Config } from '../config.ts';
import type { ListedDoor } from '../door-settings.ts';
import { type TlsPorts, TlsSource } from '../tls-source.ts';
import { type Hl7ListenerPorts, openHl7 } from './hl7-listener.ts';
import { openPhd, type PhdListenerPorts } from './phd-listener.ts';

export interface ListedPorts {
  readonly hl7Port: number | undefined;
  readonly phdPort: number | undefined;
}

export async function openListedDoors(
  stack: AsyncDisposableStack,
  { hl7, phd }: Pick<Config, 'hl7' | 'phd'>,
  ports: Hl7ListenerPorts & PhdListenerPorts & TlsPorts,
): Promise<ListedPorts> {
  const { every, onProblem } = ports;
  const tlsOf = (door: ListedDoor | undefined) =>
    stack.use(door?.tls && new TlsSource(door.tls, { every, onProblem }));
  const hl7Door = stack.use(await openHl7(hl7, tlsOf(hl7), ports));
  const phdDoor = stack.use(await openPhd(phd, tlsOf(phd), ports));
  return { hl7Port: hl7Door?.port, phdPort: phdDoor?.port };
}
