/** What a route is for, what it takes and what it answers: by the very schemas that read and write it. */
import { z } from 'zod';

export type Tag =
  | 'sign-in'
  | 'account'
  | 'people'
  | 'patients'
  | 'measured'
  | 'devices'
  | 'house'
  | 'server';

/** A body or an answer that is no JSON, or JSON that its own page describes. */
export interface OfMedia {
  readonly media: readonly string[];
  readonly about: string;
}

export type Form = z.ZodType | OfMedia;

export interface Operation {
  readonly summary: string;
  readonly tag: Tag;
  readonly query?: z.ZodType;
  readonly body?: Form;
  /** Whether the body may be left out. */
  readonly isBodyOptional?: true;
  /** Undefined: 204, without a body. */
  readonly answer?: Form;
  /** 200, unless it is said. */
  readonly status?: number;
  /** A status beside it that is answered in the same form, and why. */
  readonly also?: { readonly status: number; readonly why: string };
}

/** By method and path, as the server has them: `POST /api/devices/:id/token`. */
export type Operations = Readonly<Record<string, Operation>>;

export const isMedia = (form: Form): form is OfMedia => 'media' in form;

/** Done, and nothing to tell of it. */
export const NOTHING = z.object({});
