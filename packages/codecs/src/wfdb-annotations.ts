import { fail, ok, type Result } from '@ausculta/vitals/fault';

/**
 * WFDB annotations in the MIT form (.atr): 16-bit words, little end first, six bits of kind above
 * ten bits of time since the last annotation. See annot(5) of the WFDB Applications Guide.
 */
export interface WfdbAnnotation {
  /** Index of the sample that it stands at. */
  readonly sample: number;
  /** The mnemonic: 'N' a normal beat, 'V' a ventricular one, '+' a change of rhythm, '~' of noise. */
  readonly symbol: string;
  /** With '~': bit n set means signal n is noisy, bit n + 4 unreadable; -1 all unreadable. */
  readonly subtype: number;
  readonly channel: number;
  readonly number: number;
  /** With '+': the rhythm, such as "(AFIB". */
  readonly aux: string;
}

/** annot(5): the code is the index. Empty where none is defined. */
const SYMBOLS: readonly string[] =
  ',N,L,R,a,V,F,J,A,S,E,j,/,Q,~,,|,,s,T,*,D,",=,p,B,^,t,+,u,?,!,[,],e,n,@,x,f,(,),r'.split(',');

/** The codes that mark a heart beat. 'x' (blocked), '|' (artefact), '~' and '!' do not. */
const BEATS: ReadonlySet<string> = new Set('NLRaVFJASEj/QB?enfr');

const SKIP = 59;
const NUMBER = 60;
const SUBTYPE = 61;
const CHANNEL = 62;
const AUX = 63;
const TIME_MAX = 0x3ff;
/** The longest aux text that its ten-bit length can state. */
const AUX_BYTES_MAX = 0x3ff;

export function isBeat(annotation: { readonly symbol: string }): boolean {
  return BEATS.has(annotation.symbol);
}

type Draft = { -readonly [K in keyof WfdbAnnotation]: WfdbAnnotation[K] };

export function readWfdbAnnotations(bytes: Uint8Array): Result<WfdbAnnotation[]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const annotations: Draft[] = [];
  let sample = 0;
  // Number and channel hold until they are stated anew; subtype and aux belong to one annotation.
  let number = 0;
  let channel = 0;
  let last: Draft | undefined;
  for (let at = 0; ; ) {
    if (at + 2 > bytes.length)
      return fail('PAYLOAD_MALFORMED', 'the WFDB annotations have no end mark');
    const word = view.getUint16(at, true);
    at += 2;
    if (word === 0) return ok(annotations);
    const code = word >> 10;
    const low = word & TIME_MAX;
    if (code === SKIP) {
      if (at + 4 > bytes.length) return fail('PAYLOAD_MALFORMED', 'a WFDB annotation is cut off');
      // Four bytes, the high word first: the order of the PDP-11.
      sample += (view.getInt16(at, true) << 16) | view.getUint16(at + 2, true);
      at += 4;
    } else if (code === AUX) {
      if (last === undefined || at + low > bytes.length) {
        return fail(
          'PAYLOAD_MALFORMED',
          'the text of a WFDB annotation is cut off or belongs to none',
        );
      }
      last.aux = latin1(bytes.subarray(at, at + low));
      at += low + (low & 1);
    } else if (code === NUMBER || code === SUBTYPE || code === CHANNEL) {
      if (last === undefined)
        return fail('PAYLOAD_MALFORMED', 'a WFDB modifier stands before any annotation');
      const signed = (low << 24) >> 24;
      if (code === NUMBER) last.number = number = signed;
      else if (code === CHANNEL) last.channel = channel = low & 0xff;
      else last.subtype = signed;
    } else {
      const symbol = SYMBOLS[code] ?? '';
      if (symbol === '')
        return fail('PAYLOAD_MALFORMED', `WFDB annotation code ${code} is not defined`);
      sample += low;
      if (sample < 0 || sample > 2 ** 31)
        return fail('PAYLOAD_MALFORMED', 'a WFDB annotation lies outside time');
      last = { sample, symbol, subtype: 0, channel, number, aux: '' };
      annotations.push(last);
    }
  }
}

/** Aux texts end with a zero byte in most files; it is no part of the text. */
function latin1(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return String.fromCharCode(...(end < 0 ? bytes : bytes.subarray(0, end)));
}

/** The inverse, for annotations in order of time. */
export function writeWfdbAnnotations(annotations: readonly WfdbAnnotation[]): Result<Uint8Array> {
  const words: number[] = [];
  let sample = 0;
  let number = 0;
  let channel = 0;
  for (const annotation of annotations) {
    const code = SYMBOLS.indexOf(annotation.symbol);
    const step = annotation.sample - sample;
    if (
      code <= 0 ||
      step < 0 ||
      !Number.isSafeInteger(step) ||
      annotation.aux.length > AUX_BYTES_MAX
    ) {
      return fail('PAYLOAD_MALFORMED', 'a WFDB annotation is out of order, unknown or too long');
    }
    if (step > TIME_MAX) words.push(SKIP << 10, (step >>> 16) & 0xffff, step & 0xffff);
    words.push((code << 10) | (step > TIME_MAX ? 0 : step));
    if (annotation.subtype !== 0) words.push((SUBTYPE << 10) | (annotation.subtype & 0xff));
    if (annotation.channel !== channel) words.push((CHANNEL << 10) | (annotation.channel & 0xff));
    if (annotation.number !== number) words.push((NUMBER << 10) | (annotation.number & 0xff));
    words.push(...auxWords(annotation.aux));
    ({ sample, number, channel } = annotation);
  }
  words.push(0);
  const view = new DataView(new ArrayBuffer(words.length * 2));
  for (const [index, word] of words.entries()) view.setUint16(index * 2, word, true);
  return ok(new Uint8Array(view.buffer));
}

function auxWords(aux: string): number[] {
  if (aux === '') return [];
  const words = [(AUX << 10) | aux.length];
  for (let at = 0; at < aux.length; at += 2) {
    words.push(aux.charCodeAt(at) | ((at + 1 < aux.length ? aux.charCodeAt(at + 1) : 0) << 8));
  }
  return words;
}
