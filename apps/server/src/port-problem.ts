/** Why a door could not be opened, and what to do about it. */

import { errorCode, StartProblem } from './database/start-problem.ts';
import type { Listen } from './door-settings.ts';

export function portProblem(
  door: 'HTTP' | 'MQTT' | 'HL7' | 'PHD',
  listen: Listen,
  cause: unknown,
): StartProblem {
  return new StartProblem('PORT_TAKEN', whyNotListening(door, listen, cause), cause);
}

function whyNotListening(door: string, { host, port }: Listen, cause: unknown): string {
  switch (errorCode(cause)) {
    case 'EADDRINUSE':
      return `Port ${port} is taken by another program. Stop it, or set AUSCULTA_${door}_PORT to another port.`;
    case 'EACCES':
      return `Port ${port} is kept for the system’s own programs. Set AUSCULTA_${door}_PORT to 1024 or above.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is no address of this machine. Set AUSCULTA_${door}_HOST to one of its own, or leave it unset.`;
    default:
      return `Port ${port} of ${host} cannot be opened. Set AUSCULTA_${door}_HOST and AUSCULTA_${door}_PORT to others.`;
  }
}
