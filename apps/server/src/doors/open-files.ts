/** How many files and sockets this process may have open. */
import { readFileSync } from 'node:fs';

/** The hard limit: Node takes all of it for itself at its start. Elsewhere than on Linux it is not known. */
export function openFilesMax(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1];
    return hard === undefined || hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
