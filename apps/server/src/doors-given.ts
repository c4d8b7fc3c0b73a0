/** What the environment says of each door. */
import type { DoorGiven } from './door-settings.ts';
import type { DoorName, TlsGiven } from './tls-settings.ts';

type Listed<Door extends string, List extends string> = Readonly<
  Record<`AUSCULTA_${Door}_HOST`, string> &
    Partial<Record<`AUSCULTA_${Door}_PORT`, number | undefined>> &
    Partial<
      Record<`AUSCULTA_${Door}_${List | 'TLS_CERT' | 'TLS_KEY' | 'TLS_CA'}`, string | undefined>
    >
>;

type Hl7Settings = Listed<'HL7', 'SENDERS'>;
type PhdSettings = Listed<'PHD', 'AGENTS'>;

interface DoorSettings extends Hl7Settings, PhdSettings {
  readonly AUSCULTA_HTTP_HOST: string;
  readonly AUSCULTA_HTTP_PORT: number;
  readonly AUSCULTA_MQTT_HOST: string;
  readonly AUSCULTA_MQTT_PORT: number;
  readonly AUSCULTA_TLS_CERT?: string | undefined;
  readonly AUSCULTA_TLS_KEY?: string | undefined;
  readonly AUSCULTA_PLAINTEXT?: readonly DoorName[] | undefined;
}

export function hl7Given(settings: Hl7Settings): DoorGiven {
  return {
    host: settings.AUSCULTA_HL7_HOST,
    port: settings.AUSCULTA_HL7_PORT,
    list: settings.AUSCULTA_HL7_SENDERS,
    cert: settings.AUSCULTA_HL7_TLS_CERT,
    key: settings.AUSCULTA_HL7_TLS_KEY,
    ca: settings.AUSCULTA_HL7_TLS_CA,
  };
}

export function phdGiven(settings: PhdSettings): DoorGiven {
  return {
    host: settings.AUSCULTA_PHD_HOST,
    port: settings.AUSCULTA_PHD_PORT,
    list: settings.AUSCULTA_PHD_AGENTS,
    cert: settings.AUSCULTA_PHD_TLS_CERT,
    key: settings.AUSCULTA_PHD_TLS_KEY,
    ca: settings.AUSCULTA_PHD_TLS_CA,
  };
}

export function tlsGiven(settings: DoorSettings): TlsGiven {
  return {
    cert: settings.AUSCULTA_TLS_CERT,
    key: settings.AUSCULTA_TLS_KEY,
    plaintext: settings.AUSCULTA_PLAINTEXT ?? [],
    http: { host: settings.AUSCULTA_HTTP_HOST, port: settings.AUSCULTA_HTTP_PORT },
    mqtt: { host: settings.AUSCULTA_MQTT_HOST, port: settings.AUSCULTA_MQTT_PORT },
    hl7: hl7Given(settings),
    phd: phdGiven(settings),
  };
}
