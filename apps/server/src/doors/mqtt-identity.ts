/** What the MQTT door asks of the identity of devices. */
import type { Registry } from '../devices/registry.ts';
import { requestBytes } from '../pki/enrolment.ts';
import type { Pki } from '../pki/open-pki.ts';
import { pemOf } from '../pki/pem.ts';
import type { MqttPorts } from './mqtt.ts';

export function mqttIdentity(
  { signIn, claimCodes, enrolment, authorities, refusals }: Pki,
  { devices }: Pick<Registry, 'devices'>,
  outside: {
    readonly nowMs: () => number;
    readonly onProblem: (what: string, error: unknown) => void;
  },
): Pick<MqttPorts, 'signIn' | 'claimOpens' | 'enrol' | 'devices' | 'onTwoPlaces'> {
  return {
    ...{ signIn, devices },
    onTwoPlaces: (device, because) => refusals.noteTwoPlaces(device, { because, door: 'mqtt' }),
    claimOpens: ({ id }, code) => claimCodes.opens(id, code, outside.nowMs()),
    enrol: async (device, { code, request }) => {
      try {
        const issued = await enrolment.claim(device, { code, request: requestBytes(request) });
        if (!issued.ok) return issued;
        const authority = pemOf(await authorities.of(device.organisationId));
        return { ok: true, value: { certificate: pemOf(issued.value), authority } };
      } catch (error) {
        outside.onProblem('certify a device', error);
        return undefined;
      }
    },
  };
}
