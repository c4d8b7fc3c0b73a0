import { CommandProblem, EXIT } from './problem.ts';

const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/;
const AGO = /^(\d{1,6})(s|min|h|d)$/;
const UNIT_MS = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * A time as a person writes it: ISO 8601 (without a zone: this computer's own), milliseconds since 1970,
 * or an age such as 15min or 2h, counted back from now.
 */
export function readTime(option: string, text: string, nowMs: number): number {
  const ago = AGO.exec(text);
  if (ago !== null) return nowMs - Number(ago[1]) * UNIT_MS[ago[2] as keyof typeof UNIT_MS];
  if (/^\d{11,16}$/.test(text)) return Number(text);
  // A date alone is read as midnight here, as the times beside it are.
  const atMs = ISO.test(text)
    ? Date.parse(text.includes('T') ? text : `${text}T00:00`)
    : Number.NaN;
  if (Number.isNaN(atMs) || !isRealDay(text)) {
    throw new CommandProblem(
      EXIT.USAGE,
      `${option} is no time: write it as 2026-03-01T08:00:00Z, 2026-03-01, or an age such as 15min or 2h.`,
    );
  }
  return atMs;
}

/** How long something lasts: 30s, 10min, 2h or 3d. */
export function readDuration(option: string, text: string): number {
  const length = AGO.exec(text);
  if (length !== null) return Number(length[1]) * UNIT_MS[length[2] as keyof typeof UNIT_MS];
  throw new CommandProblem(
    EXIT.USAGE,
    `${option} is no length of time: write it as 30s, 10min or 2h.`,
  );
}

/** Date.parse would take 30 February for 2 March. */
function isRealDay(text: string): boolean {
  const day = text.slice(0, 10);
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === day;
}
