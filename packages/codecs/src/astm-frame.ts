import type { Fault } from '@ausculta/vitals/fault';

/**
 * The low level of ASTM E1381 (CLSI LIS1): frames of STX, number, text, ETB or ETX, checksum, CR LF,
 * inside a transfer that ENQ opens and EOT ends. The receiver answers each with ACK or NAK.
 */
export const ENQ = 0x05;
export const EOT = 0x04;
export const ACK = 0x06;
export const NAK = 0x15;
const STX = 0x02;
const ETX = 0x03;
const ETB = 0x17;
const CR = 0x0d;
const LF = 0x0a;

export interface AstmFrame {
  /** 1 to 7, then 0. */
  readonly seq: number;
  readonly text: Uint8Array;
  /** ETX: the record ends here; ETB: the next frame goes on with it. */
  readonly isLast: boolean;
  readonly checksum: string;
}

/** The sum of all octets after STX through ETX or ETB, modulo 256, in two upper-case digits. */
export function astmChecksum(octets: Uint8Array): string {
  let sum = 0;
  for (const octet of octets) sum += octet;
  return (sum & 0xff).toString(16).toUpperCase().padStart(2, '0');
}

/** Reads one whole frame, STX to LF; a text tells what is wrong with it. */
export function readFrame(bytes: Uint8Array): AstmFrame | string {
  const { length } = bytes;
  if (length < 7 || bytes[0] !== STX) return 'no frame';
  if (bytes[length - 2] !== CR || bytes[length - 1] !== LF) return 'a frame without its end';
  const end = bytes[length - 5];
  if (end !== ETX && end !== ETB) return 'a frame without ETX or ETB';
  const seq = (bytes[1] as number) - 48;
  if (!(seq >= 0 && seq <= 7)) return 'a frame without its number';
  const stated = String.fromCharCode(bytes[length - 4] as number, bytes[length - 3] as number);
  const checksum = astmChecksum(bytes.subarray(1, length - 4));
  // Some analysers write small letters.
  if (stated.toUpperCase() !== checksum) return 'the checksum is wrong';
  return { seq, text: bytes.slice(2, length - 5), isLast: end === ETX, checksum };
}

/** E1381 section 6.3.1.2: a frame's text is no longer; a longer record takes several. */
const TEXT_OCTETS_MAX = 240;

/** The frames of a message, one record or more each with its CR; `seq` goes on from frame to frame. */
export function writeFrames(records: readonly Uint8Array[]): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (const record of records) {
    for (let from = 0; from < record.length || from === 0; from += TEXT_OCTETS_MAX) {
      const text = record.subarray(from, from + TEXT_OCTETS_MAX);
      const isLast = from + TEXT_OCTETS_MAX >= record.length;
      const seq = (frames.length + 1) % 8;
      frames.push(writeFrame(text, { seq, isLast }));
    }
  }
  return frames;
}

export function writeFrame(
  text: Uint8Array,
  { seq, isLast }: { readonly seq: number; readonly isLast: boolean },
): Uint8Array {
  const summed = Uint8Array.of(48 + seq, ...text, isLast ? ETX : ETB);
  const sum = astmChecksum(summed);
  return Uint8Array.of(STX, ...summed, sum.charCodeAt(0), sum.charCodeAt(1), CR, LF);
}

/** L, the record that ends a message. */
const TERMINATOR = 76;

export type AstmEvent =
  /** To be sent at once. */
  | { readonly kind: 'answer'; readonly octet: typeof ACK | typeof NAK }
  /** All records of a message: `settle` gives the answer to its last frame once they are durable. */
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  | { readonly kind: 'fault'; readonly fault: Fault };

/** A transfer's records until their L; an analyser's whole morning has a tenth of it. */
const MESSAGE_OCTETS_MAX = 1024 * 1024;
/** LIS1-A2 lets a frame grow to this. */
const FRAME_OCTETS_MAX = 64_000 + 7;

/** The receiver's side of a transfer, as octets come. */
export class AstmReceiver {
  #phase: 'idle' | 'open' | 'frame' = 'idle';
  #frame: number[] = [];
  #records: Uint8Array[] = [];
  #octets = 0;
  #lastSeq = 0;
  #hasFrame = false;
  /** The first octet of the record that a frame with ETB left unfinished. */
  #unfinished: number | undefined;

  get heldBytes(): number {
    return this.#octets + this.#frame.length;
  }

  push(bytes: Uint8Array): AstmEvent[] {
    const events: AstmEvent[] = [];
    for (const octet of bytes) this.#take(octet, events);
    return events;
  }

  /**
   * The answer to the last frame of a message: ACK after it is durable; NAK to have that frame, and
   * with it the message, once more.
   */
  settle({ isDurable }: { readonly isDurable: boolean }): typeof ACK | typeof NAK {
    if (isDurable) {
      this.#records = [];
      this.#octets = 0;
      return ACK;
    }
    this.#octets -= Math.max(1, this.#records.pop()?.length ?? 0);
    this.#lastSeq = (this.#lastSeq + 7) % 8;
    this.#hasFrame = this.#records.length > 0;
    return NAK;
  }

  #take(octet: number, events: AstmEvent[]): void {
    if (this.#phase === 'frame') {
      this.#frame.push(octet);
      if (octet === LF && this.#frame[this.#frame.length - 2] === CR && this.#isWhole()) {
        this.#phase = 'open';
        this.#finishFrame(events);
      } else if (this.#frame.length > FRAME_OCTETS_MAX) {
        this.#frame = [];
        this.#phase = 'open';
        events.push(fault('PAYLOAD_TOO_LARGE', 'a frame'), { kind: 'answer', octet: NAK });
      }
    } else if (octet === ENQ) {
      if (this.#octets > 0) events.push(fault('PAYLOAD_MALFORMED', 'a transfer was given up'));
      this.#reset('open');
      events.push({ kind: 'answer', octet: ACK });
    } else if (octet === EOT) {
      if (this.#octets > 0) events.push(fault('PAYLOAD_MALFORMED', 'a transfer without its L'));
      this.#reset('idle');
    } else if (octet === STX && this.#phase === 'open') {
      this.#phase = 'frame';
      this.#frame = [octet];
    }
  }

  /** CR LF ends a frame only where ETX or ETB and a checksum stand before it; a text has CR too. */
  #isWhole(): boolean {
    const end = this.#frame[this.#frame.length - 5];
    return end === ETX || end === ETB;
  }

  #finishFrame(events: AstmEvent[]): void {
    const frame = readFrame(Uint8Array.from(this.#frame));
    this.#frame = [];
    if (typeof frame === 'string') {
      events.push(fault('PAYLOAD_MALFORMED', frame), { kind: 'answer', octet: NAK });
      return;
    }
    // The sender did not hear our ACK and repeats itself: section 6.5.1.3.
    if (frame.seq === this.#lastSeq && this.#hasFrame) {
      events.push({ kind: 'answer', octet: ACK });
      return;
    }
    if (frame.seq !== (this.#lastSeq + 1) % 8) {
      events.push(fault('PAYLOAD_MALFORMED', 'a frame out of turn'), {
        kind: 'answer',
        octet: NAK,
      });
      return;
    }
    if (this.#octets + frame.text.length > MESSAGE_OCTETS_MAX) {
      this.#reset('open');
      events.push(fault('PAYLOAD_TOO_LARGE', 'a transfer'), { kind: 'answer', octet: NAK });
      return;
    }
    this.#lastSeq = frame.seq;
    this.#hasFrame = true;
    this.#records.push(frame.text);
    this.#octets += Math.max(1, frame.text.length);
    const type = this.#recordType(frame.text);
    this.#unfinished = frame.isLast ? undefined : type;
    if (frame.isLast && type === TERMINATOR) {
      events.push({ kind: 'message', bytes: this.#message() });
    } else {
      events.push({ kind: 'answer', octet: ACK });
    }
  }

  /** The first letter of the frame's last record, which may have begun in an earlier frame. */
  #recordType(text: Uint8Array): number | undefined {
    let start = text.length;
    while (start > 0 && (text[start - 1] === CR || text[start - 1] === LF)) start--;
    while (start > 0 && text[start - 1] !== CR) start--;
    return start === 0 && this.#unfinished !== undefined ? this.#unfinished : text[start];
  }

  #message(): Uint8Array {
    const length = this.#records.reduce((sum, text) => sum + text.length, 0);
    const whole = new Uint8Array(length);
    let at = 0;
    for (const text of this.#records) {
      whole.set(text, at);
      at += text.length;
    }
    return whole;
  }

  #reset(phase: 'idle' | 'open'): void {
    this.#phase = phase;
    this.#records = [];
    this.#octets = 0;
    this.#lastSeq = 0;
    this.#hasFrame = false;
    this.#unfinished = undefined;
  }
}

function fault(code: Fault['code'], detail: string): AstmEvent {
  return { kind: 'fault', fault: { code, detail } };
}
