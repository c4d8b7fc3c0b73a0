/** Time-stamped annotation lists of EDF+: onset, duration and texts, in a signal of their own. */
const ONSET_END = 0x14;
const DURATION_MARK = 0x15;
const LIST_END = 0x00;

export interface EdfAnnotation {
  /** From the start of the recording. */
  readonly onsetS: number;
  readonly durationS?: number;
  readonly text: string;
}

/** `+12.5␕3␔text␔␀`; without a text it says when its data record begins. */
export function encodeAnnotation({ onsetS, durationS, text }: EdfAnnotation): Uint8Array {
  const duration = durationS === undefined ? '' : `\x15${secondsText(durationS)}`;
  const sign = onsetS < 0 ? '' : '+';
  const list = `${sign}${secondsText(onsetS)}${duration}\x14${withoutControls(text)}\x14\x00`;
  return new TextEncoder().encode(list);
}

/** Microseconds are finer than any sample that a monitor sends. */
function secondsText(seconds: number): string {
  const text = seconds.toFixed(6).replace(/\.?0+$/, '');
  return text === '-0' ? '0' : text;
}

function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be written.
  return text.replace(/[\u0000-\u001f\u007f]/g, ' ');
}

/** All lists of one data record's bytes; undefined where they are not in the form of the standard. */
export function decodeAnnotations(bytes: Uint8Array): EdfAnnotation[] | undefined {
  const found: EdfAnnotation[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] === LIST_END) {
      at += 1;
      continue;
    }
    const end = bytes.indexOf(LIST_END, at);
    if (end < 0) return undefined;
    const lists = decodeList(bytes.subarray(at, end));
    if (lists === undefined) return undefined;
    found.push(...lists);
    at = end + 1;
  }
  return found;
}

function decodeList(bytes: Uint8Array): EdfAnnotation[] | undefined {
  const headEnd = bytes.indexOf(ONSET_END);
  if (headEnd < 0 || bytes.at(-1) !== ONSET_END) return undefined;
  const head = new TextDecoder().decode(bytes.subarray(0, headEnd));
  const [onset = '', duration] = head.split(String.fromCharCode(DURATION_MARK));
  if (!/^[+-]\d+(\.\d*)?$/.test(onset)) return undefined;
  if (duration !== undefined && !/^\d+(\.\d*)?$/.test(duration)) return undefined;
  const texts = new TextDecoder().decode(bytes.subarray(headEnd + 1, -1)).split('\x14');
  return texts.map((text) => ({
    onsetS: Number(onset),
    ...(duration === undefined ? {} : { durationS: Number(duration) }),
    text,
  }));
}
