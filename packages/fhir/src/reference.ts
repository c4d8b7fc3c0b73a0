import type { Reference } from '@medplum/fhirtypes';

/** Where a reference points: at a resource by type and id, here or under another base; or elsewhere. */
export interface Target {
  /** Without a slash at its end; undefined: the server that holds the reference. */
  readonly base: string | undefined;
  readonly type: string;
  readonly id: string;
  readonly version: string | undefined;
}

const LITERAL =
  /^(?:(https?:\/\/[^?#]+?)\/)?([A-Z][A-Za-z]{1,63})\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/([A-Za-z0-9\-.]{1,64}))?$/;

/** Undefined for what is no literal reference: urn:uuid:…, #contained, a canonical, a question. */
export function parseReference(text: string): Target | undefined {
  const [whole, base, type, id, version] = LITERAL.exec(text) ?? [];
  if (whole === undefined || type === undefined || id === undefined) return undefined;
  return { base, type, id, version };
}

/** As far as it says so itself. */
export function referencedType({ reference, type }: Reference): string | undefined {
  if (reference === undefined) return type;
  const [conditional] = /^[A-Z][A-Za-z]+(?=\?)/.exec(reference) ?? [];
  return parseReference(reference)?.type ?? conditional ?? type;
}
