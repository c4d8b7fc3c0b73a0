/**
 * Values that cannot be written. PostgreSQL refuses them, each as the trouble of its own question: where the driver
 * itself does while another question is under way on the connection, it ends that one with the error, gives the
 * rows of the next to whoever asked before, and says nothing more. So nothing here throws.
 */

/** No text has this character: PostgreSQL refuses it for whatever type it is meant. */
export const UNWRITABLE = '\0';

/** By their numbers in PostgreSQL's catalogue, pg_type; read as the driver reads them. */
export const PLAIN_TYPES = {
  boolean: {
    to: 16,
    from: [16],
    serialize: (value: unknown): string =>
      typeof value === 'boolean' ? String(value) : UNWRITABLE,
    parse: (text: string): boolean => text === 't',
  },
  bytea: {
    to: 17,
    from: [17],
    serialize: (value: unknown): string =>
      value instanceof Uint8Array ? `\\x${hexOf(value)}` : UNWRITABLE,
    parse: (text: string): Buffer => Buffer.from(text.slice(2), 'hex'),
  },
  date: {
    to: 1184,
    from: [1082, 1114, 1184],
    serialize: (value: unknown): string => {
      const isTime =
        value instanceof Date || typeof value === 'string' || typeof value === 'number';
      const date = new Date(isTime ? value : Number.NaN);
      return Number.isNaN(date.getTime()) ? UNWRITABLE : date.toISOString();
    },
    parse: (text: string): Date => new Date(text),
  },
};

const hexOf = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('hex');
