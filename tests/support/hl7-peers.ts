/** An HL7 sender that we did not write: mllp_send of Debian's python3-hl7. */
import { spawnSync } from 'node:child_process';
import { installPeers } from './debian-peers.ts';

export function missingMllpSend(): string | undefined {
  const isThere = () => spawnSync('mllp_send', ['--help'], { stdio: 'ignore' }).error === undefined;
  return installPeers({ packages: ['python3-hl7'], what: 'a foreign HL7 sender', isThere });
}
