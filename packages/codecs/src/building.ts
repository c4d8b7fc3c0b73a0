/** A record while it is being filled: its fields may still be set. */
export type Building<T> = { -readonly [Key in keyof T]: T[Key] };
