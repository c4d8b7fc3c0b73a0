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
  /^(?:([hH][tT][tT][pP][sS]?:\/\/[^?#]+?)\/)?([A-Z][A-Za-z]{1,63})\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/([A-Za-z0-9\-.]{1,64}))?$/;

/** Undefined for what is no literal reference: urn:uuid:…, #contained, a canonical, a question. */
export function parseReference(text: string): Target | undefined {
  const [whole, base, type, id, version] = LITERAL.exec(text) ?? [];
  if (whole === undefined || type === undefined || id === undefined) return undefined;
  return { base, type, id, version };
}

/**
 * The same without the address of the server that is asked, `Patient/1` of `https://here/Patient/1`:
 * undefined for what names no resource, or one of another server.
 */
export function referenceHere(text: string, baseUrl: string): string | undefined {
  const { base } = parseReference(text) ?? {};
  if (base === undefined || !isSameBase(base, baseUrl)) return undefined;
  return text.slice(base.length + 1);
}

function isSameBase(one: string, other: string): boolean {
  return one === other || plainBase(one) === plainBase(other);
}

/** A host has no capital letters, and a port of its protocol goes without saying. */
function plainBase(base: string): string {
  const [whole, protocol = '', host = ''] = /^(https?):\/\/([^/]*)/i.exec(base) ?? [''];
  const isSecure = protocol.length === 'https'.length;
  const plain = host.toLowerCase().replace(isSecure ? /:443$/ : /:80$/, '');
  return `${protocol.toLowerCase()}://${plain}${base.slice(whole.length)}`;
}

/** As far as it says so itself. */
export function referencedType({ reference, type }: Reference): string | undefined {
  if (reference === undefined) return type;
  const [conditional] = /^[A-Z][A-Za-z]+(?=\?)/.exec(reference) ?? [];
  return parseReference(reference)?.type ?? conditional ?? type;
}
