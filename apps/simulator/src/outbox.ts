import type { Outgoing } from './bedside.ts';

/**
 * What a monitor has measured and the server has not yet acknowledged, oldest first. When the server is
 * away it fills up; beyond its limit the oldest waveforms go first, because numbers matter more
 * and weigh less, and what was let go is counted.
 */
export interface Outbox {
  readonly waiting: readonly Outgoing[];
  /** Sent, not acknowledged: in the order of sending. */
  readonly inFlight: readonly Outgoing[];
  readonly shedCount: number;
}

/** Five minutes of one monitor at 3 to 4 messages a second: about 1 MB. */
export const WAITING_MAX = 1200;
/** More would only queue in the sockets; a server that holds this many back is busy. */
export const IN_FLIGHT_MAX = 16;

export const EMPTY_OUTBOX: Outbox = { waiting: [], inFlight: [], shedCount: 0 };

export function enqueue(outbox: Outbox, messages: readonly Outgoing[]): Outbox {
  return shed({ ...outbox, waiting: [...outbox.waiting, ...messages] });
}

/** Moves what may be sent now into flight. */
export function takeForSending(outbox: Outbox): { outbox: Outbox; toSend: readonly Outgoing[] } {
  const toSend = outbox.waiting.slice(0, Math.max(0, IN_FLIGHT_MAX - outbox.inFlight.length));
  if (toSend.length === 0) return { outbox, toSend };
  const waiting = outbox.waiting.slice(toSend.length);
  return { outbox: { ...outbox, waiting, inFlight: [...outbox.inFlight, ...toSend] }, toSend };
}

export function acknowledge(outbox: Outbox, message: Outgoing): Outbox {
  return { ...outbox, inFlight: outbox.inFlight.filter((sent) => sent !== message) };
}

/** The connection is gone: whatever was in flight is sent again, in its old order. */
export function recall(outbox: Outbox): Outbox {
  return shed({ ...outbox, waiting: [...outbox.inFlight, ...outbox.waiting], inFlight: [] });
}

function shed(outbox: Outbox): Outbox {
  const excess = outbox.waiting.length - WAITING_MAX;
  if (excess <= 0) return outbox;
  let left = excess;
  const numbers = outbox.waiting.filter(({ kind }) => kind === 'readings' || left-- <= 0);
  const waiting = numbers.slice(Math.max(0, numbers.length - WAITING_MAX));
  return { ...outbox, waiting, shedCount: outbox.shedCount + excess };
}
