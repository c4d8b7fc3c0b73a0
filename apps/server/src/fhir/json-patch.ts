/**
 * RFC 6902 on plain JSON. Whatever does not apply ends the whole patch, as does what would make more
 * than its maker has room for: a copy of the whole into itself doubles it each time.
 */

export interface Operation {
  readonly op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** Its words name an operation by its place, and no value. */
export class PatchFailed extends Error {}

/** What the operations of one patch may make, together: letters of JSON, and levels of what is made. */
export interface PatchRoom {
  readonly letters: number;
  readonly levels: number;
}

export function applyPatch(
  document: unknown,
  operations: readonly Operation[],
  { letters, levels }: PatchRoom,
): unknown {
  const root = { '': document };
  const left: Left = { letters, levels };
  for (const [at, operation] of operations.entries()) {
    try {
      applyOne(root, operation, left);
    } catch (error) {
      if (!(error instanceof PatchFailed)) throw error;
      throw new PatchFailed(`operation ${at}: ${error.message}`);
    }
  }
  return root[''];
}

interface Left {
  letters: number;
  readonly levels: number;
}

function applyOne(root: object, { op, path, from = '', value }: Operation, left: Left): void {
  switch (op) {
    case 'add':
      spend(value, left);
      add(root, path, value);
      return;
    case 'remove':
      remove(root, path);
      return;
    case 'replace':
      spend(value, left);
      replace(root, path, value);
      return;
    case 'move':
      if (path.startsWith(`${from}/`)) throw new PatchFailed('it moves a part into itself');
      add(root, path, remove(root, from));
      return;
    case 'copy':
      // Before it is made: it may be twice what there is.
      spend(get(root, from), left);
      add(root, path, structuredClone(get(root, from)));
      return;
    case 'test':
      if (!isSame(get(root, path), value)) throw new PatchFailed('the test fails');
      return;
    default:
      throw new PatchFailed(`there is no operation ${op satisfies never}`);
  }
}

function spend(value: unknown, left: Left): void {
  visit(value, left.levels, (letters) => {
    left.letters -= letters;
    if (left.letters < 0) throw new PatchFailed('it makes too much');
  });
}

/** Whether nothing in it lies deeper: a walk that goes no further itself. */
export function isWithinLevels(value: unknown, levels: number): boolean {
  try {
    visit(value, levels, () => undefined);
    return true;
  } catch (error) {
    if (error instanceof PatchFailed) return false;
    throw error;
  }
}

const NUMBER_LETTERS = 8;

/** Tells about how many letters of JSON each part of it is. */
function visit(value: unknown, levels: number, tell: (letters: number) => void): void {
  if (typeof value !== 'object' || value === null) {
    tell(typeof value === 'string' ? value.length + 2 : NUMBER_LETTERS);
    return;
  }
  if (levels === 0) throw new PatchFailed('it nests too deep');
  tell(2);
  if (Array.isArray(value)) {
    for (const one of value) visit(one, levels - 1, tell);
    return;
  }
  for (const [key, one] of Object.entries(value)) {
    tell(key.length + 4);
    visit(one, levels - 1, tell);
  }
}

type Holder = Record<string, unknown> | unknown[];

/** The holder of what a pointer names, and its key there. The empty pointer names the whole. */
function placeOf(root: object, pointer: string): { holder: Holder; key: string } {
  const keys = pointer === '' ? [''] : ['', ...pointer.slice(1).split('/').map(unescaped)];
  const key = keys.pop() as string;
  let holder: unknown = root;
  for (const step of keys) holder = child(holder, step);
  if (typeof holder !== 'object' || holder === null) throw new PatchFailed('nothing is there');
  return { holder: holder as Holder, key };
}

/** RFC 6901: "~1" is a slash, "~0" a tilde. */
function unescaped(text: string): string {
  return text.replaceAll('~1', '/').replaceAll('~0', '~');
}

function child(holder: unknown, key: string): unknown {
  if (Array.isArray(holder)) return holder[indexOf(key, holder.length - 1)];
  if (typeof holder === 'object' && holder !== null && Object.hasOwn(holder, key))
    return (holder as Record<string, unknown>)[key];
  throw new PatchFailed('nothing is there');
}

function indexOf(key: string, last: number): number {
  const index = /^(0|[1-9]\d{0,8})$/.test(key) ? Number(key) : Number.NaN;
  if (!(index <= last)) throw new PatchFailed('the list has no such place');
  return index;
}

function get(root: object, pointer: string): unknown {
  const { holder, key } = placeOf(root, pointer);
  return child(holder, key);
}

function add(root: object, pointer: string, value: unknown): void {
  const { holder, key } = placeOf(root, pointer);
  if (Array.isArray(holder)) {
    holder.splice(key === '-' ? holder.length : indexOf(key, holder.length), 0, value);
  } else if (key === '__proto__') throw new PatchFailed('nothing may be there');
  else holder[key] = value;
}

/** In its place: the elements of a resource keep their order. */
function replace(root: object, pointer: string, value: unknown): void {
  const { holder, key } = placeOf(root, pointer);
  child(holder, key);
  (holder as Record<string, unknown>)[key] = value;
}

function remove(root: object, pointer: string): unknown {
  const { holder, key } = placeOf(root, pointer);
  const removed = child(holder, key);
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
  return removed;
}

function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || one === null || typeof other !== 'object' || other === null)
    return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(other, key) &&
      isSame((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key]),
  );
}
