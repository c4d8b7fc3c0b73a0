// Names of the web platform that both Node and every browser have, and that a pure package may use:
// they read no clock, no random number and no outside world. Grow this list only with such names.

declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
  encodeInto(text: string, into: Uint8Array): { read: number; written: number };
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes?: ArrayBufferView | ArrayBuffer, options?: { stream?: boolean }): string;
}

declare function structuredClone<T>(value: T): T;

/** Letters of which each is one byte. */
declare function btoa(bytes: string): string;
declare function atob(base64: string): string;
