/**
 * A profile: what a guide asks of a resource beyond base R4. Its elements are told by paths below the
 * resource, a slice after a colon (`identifier:systemId.type`), and only as far as they ask for more.
 */
export interface Profile {
  readonly url: string;
  /** Of the guide. */
  readonly version: string;
  /** Of the resource, or of the data type: an Extension. */
  readonly type: string;
  /** Whose rules hold too. */
  readonly base?: string;
  /** Nothing can follow it alone. */
  readonly isAbstract?: true;
  readonly elements: readonly ProfileElement[];
}

export interface ProfileElement {
  /** `effective[x]` is whichever of them is there, `valueQuantity` that one alone; `''` is the resource. */
  readonly path: string;
  readonly min?: number;
  readonly max?: number;
  /** By which parts its slices are told apart: they are written `identifier:name`. */
  readonly slicedBy?: readonly Discriminator[];
  /** Of a choice: the types that are left, as in the name of the element (`Quantity`, `DateTime`). */
  readonly types?: readonly string[];
  readonly fixed?: unknown;
  /** Whatever it has is there; more may be. */
  readonly pattern?: unknown;
  /** What a reference may be to. */
  readonly targets?: readonly Target[];
  /** Whose rules the value follows: an extension's, a resource's inside a Bundle. */
  readonly profile?: string;
  readonly binding?: ProfileBinding;
  readonly rules?: readonly ProfileRule[];
}

/** `value`: what the slice says of that part holds. `exists`: it is there as the slice says. */
export interface Discriminator {
  readonly kind: 'value' | 'exists';
  readonly path: string;
}

export interface Target {
  readonly type: string;
  readonly profile?: string;
}

export interface ProfileBinding {
  readonly strength: 'required' | 'extensible';
  readonly valueSet: string;
  /** Where the set is small: of whichever system. */
  readonly codes?: readonly string[];
}

/** In FHIRPath, of the element. */
export interface ProfileRule {
  readonly key: string;
  readonly severity: 'error' | 'warning';
  readonly human: string;
  readonly expression: string;
}

export interface ProfileNode {
  readonly elements: ProfileElement[];
  readonly children: Map<string, ProfileNode>;
  readonly slices: Map<string, ProfileNode>;
}

/** The elements as the tree that they name; those of a base come first, so that its slices do. */
export function profileTree(
  profile: Profile,
  known: (url: string) => Profile | undefined,
): ProfileNode {
  const root = emptyNode();
  const chain: Profile[] = [];
  for (let one: Profile | undefined = profile; one !== undefined; ) {
    chain.unshift(one);
    one = one.base === undefined ? undefined : known(one.base);
  }
  for (const element of chain.flatMap(({ elements }) => elements))
    nodeAt(root, element.path).elements.push(element);
  return root;
}

function emptyNode(): ProfileNode {
  return { elements: [], children: new Map(), slices: new Map() };
}

/** Made on the way where it is not there. */
function nodeAt(root: ProfileNode, path: string): ProfileNode {
  let node = root;
  for (const part of path === '' ? [] : path.split('.')) {
    const [name = '', slice] = part.split(':');
    node = childOf(node.children, name);
    if (slice !== undefined) node = childOf(node.slices, slice);
  }
  return node;
}

function childOf(among: Map<string, ProfileNode>, name: string): ProfileNode {
  const known = among.get(name);
  if (known !== undefined) return known;
  const made = emptyNode();
  among.set(name, made);
  return made;
}
