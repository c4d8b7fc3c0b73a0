/**
 * The E2E-CRC of Bluetooth's CGM profile: CRC-16-CCITT with seed 0xFFFF, least significant bit
 * first, known elsewhere as CRC-16/MCRF4XX.
 */
export function crc16(bytes: Uint8Array, from: number, until: number): number {
  let crc = 0xffff;
  for (let at = from; at < until; at++) {
    crc = (crc >>> 8) ^ (TABLE[(crc ^ (bytes[at] as number)) & 0xff] as number);
  }
  return crc;
}

const REVERSED_POLYNOMIAL = 0x8408;

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) {
    crc = crc & 1 ? (crc >>> 1) ^ REVERSED_POLYNOMIAL : crc >>> 1;
  }
  return crc;
});
