/** What the registry tells is no row that the scopes of a token could leave out: it is asked about by itself. */
import { viewing } from '../database/viewing.ts';

export function isShown({ type, text }: { readonly type: string; readonly text: string }): boolean {
  return viewing()?.scopes?.shows(type, null, JSON.parse(text) as object) ?? true;
}
