/** Looking into a resource as a profile names its parts. */

export interface Place {
  /** Undefined where only an extension of it is there. */
  readonly value: unknown;
  readonly path: string;
  /** The property that it was found under. */
  readonly name: string;
}

/** One for each of a list; of a choice (`value[x]`) whichever is there. */
export function valuesAt({ value, path }: Place, name: string): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const parent = value as Readonly<Record<string, unknown>>;
  return keysOf(parent, name).flatMap((key) => {
    const found = parent[key];
    const at = `${path}.${name.replace('[x]', '')}`;
    if (Array.isArray(found))
      return found.map((one: unknown, index) => ({
        ...{ value: one ?? undefined, path: `${at}[${index}]`, name: key },
      }));
    return [{ value: found, path: at, name: key }];
  });
}

function keysOf(parent: Readonly<Record<string, unknown>>, name: string): string[] {
  // A primitive that is absent for a reason is its extension alone: `_birthDate`.
  const there = Object.keys(parent).filter((key) => parent[key] !== undefined);
  const given = new Set(there.map((key) => key.replace(/^_/, '')));
  if (!name.endsWith('[x]')) return given.has(name) ? [name] : [];
  const start = name.slice(0, -3);
  return [...given].filter(
    (key) => key.startsWith(start) && /^[A-Z]/.test(key.slice(start.length)),
  );
}

export function isSame(one: unknown, other: unknown): boolean {
  return hasPattern(one, other) && hasPattern(other, one);
}

/** Whether all that the pattern has is there; of a list, somewhere in it. */
export function hasPattern(value: unknown, pattern: unknown): boolean {
  if (Array.isArray(pattern))
    return Array.isArray(value) && pattern.every((one) => value.some((it) => hasPattern(it, one)));
  if (typeof pattern !== 'object' || pattern === null) return value === pattern;
  if (typeof value !== 'object' || value === null) return false;
  const given = value as Readonly<Record<string, unknown>>;
  return Object.entries(pattern).every(([key, one]) => hasPattern(given[key], one));
}

/** What a profile asks for, in few words: never what was sent. */
export function describedAs(asked: unknown): string {
  if (typeof asked !== 'object' || asked === null) return String(asked);
  const { coding = [asked] } = asked as { readonly coding?: readonly unknown[] };
  const codes = coding.map((one) => {
    const { system = '', code = '' } = one as { readonly system?: string; readonly code?: string };
    return `${system}|${code}`;
  });
  return codes.every((one) => one !== '|') ? codes.join(' and ') : JSON.stringify(asked);
}
