/** What a setting may look like, where its form is not its room's own business. */
import { z } from 'zod';

export const port = z.coerce.number().int().min(1).max(65535);

/** An address to listen on: what an IP address or a host name is made of, and no more. */
export const host = z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/);

/** 32 bytes in hex or base64, as a secret store keeps them. */
export const masterKey = z
  .string()
  .regex(/^([0-9a-fA-F]{64}|[A-Za-z0-9+/]{43}=)$/)
  .transform((text) => new Uint8Array(Buffer.from(text, text.length === 64 ? 'hex' : 'base64')));

const OF_THIS_MACHINE = ['localhost', '127.0.0.1', '[::1]'];

/** What is sent there is read by nobody on the way. */
export function isConfidential({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && OF_THIS_MACHINE.includes(hostname));
}

/** What is given is what `parse` makes of it, or an issue. */
export function orIssue<T>(parse: (text: string) => T | undefined, message: string) {
  return (text: string | undefined, context: z.RefinementCtx): T | undefined => {
    const parsed = text === undefined ? undefined : parse(text);
    if (text !== undefined && parsed === undefined) context.addIssue({ code: 'custom', message });
    return parsed;
  };
}
