import type { Fault, FaultCode } from '@ausculta/vitals/fault';

/**
 * Unwinds a decoder from the depth where the bytes stopped making sense. It never leaves a package's
 * public functions: they catch it and answer with a fault.
 */
export class DecodeError extends Error {
  readonly code: FaultCode;

  constructor(code: FaultCode, detail: string) {
    super(detail);
    this.code = code;
  }

  get fault(): Fault {
    return { code: this.code, detail: this.message };
  }
}

export function malformed(detail: string): DecodeError {
  return new DecodeError('BLOCK_MALFORMED', detail);
}
