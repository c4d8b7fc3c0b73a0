/** MQTT clients that we did not write: mosquitto's and Paho's. */
import { spawnSync } from 'node:child_process';
import { installPeers } from './debian-peers.ts';

const MOSQUITTO = 'mosquitto_pub';

/** Undefined when the clients are there; else why they are not. */
export function missingPeers(): string | undefined {
  const packages = ['mosquitto-clients', 'python3-paho-mqtt'];
  return installPeers({ packages, what: 'foreign MQTT clients', isThere: arePeersThere });
}

/** The first may be another than Debian's, which its package is for. */
const PYTHONS = ['python3', '/usr/bin/python3'];

function arePeersThere(): boolean {
  const mosquitto = spawnSync(MOSQUITTO, ['--help'], { stdio: 'ignore' });
  return mosquitto.error === undefined && pythonWithPaho() !== undefined;
}

export function pythonWithPaho(): string | undefined {
  const asks = ['-c', 'import paho.mqtt.client'];
  return PYTHONS.find((python) => spawnSync(python, asks, { stdio: 'ignore' }).status === 0);
}
