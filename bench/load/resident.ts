// How much memory a process holds.
import { readFileSync } from 'node:fs';

/** proc(5): VmRSS, in KB. */
export function residentKb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN);
}
