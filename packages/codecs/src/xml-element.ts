import { expect } from '@ausculta/vitals/expect';
import { ok, type Result } from '@ausculta/vitals/fault';
import { attributeIn, scanXml, type XmlAttributes } from './xml-scanner.ts';

/** An element of a device's XML: what it is called, its attributes, its text, what is inside. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: XmlAttributes;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

interface OpenElement extends XmlElement {
  text: string;
  children: XmlElement[];
}

/** A device's message is 5 KB: these bounds are far above, and far below harm. */
const LIMITS = { charactersMax: 4 * 1024 * 1024, elementsMax: 100_000 };

/** Most elements have nothing inside, and share this. */
const CHILDLESS: XmlElement[] = [];

/** Reads a message as a tree; see scanXml for what it refuses. */
export function parseXml(text: string): Result<XmlElement> {
  const open: OpenElement[] = [];
  let current: OpenElement = { name: '', attributes: [], text: '', children: [] };
  const root = current;
  const scanned = scanXml(text, LIMITS, {
    open: (name, attributes) => {
      const element: OpenElement = { name, attributes, text: '', children: CHILDLESS };
      if (current.children === CHILDLESS) current.children = [];
      current.children.push(element);
      open.push(current);
      current = element;
    },
    text: (more) => {
      current.text += more;
    },
    close: () => {
      current = open.pop() ?? root;
    },
  });
  if (!scanned.ok) return scanned;
  const [only] = root.children;
  expect(only !== undefined, 'a whole document has an element');
  return ok(only);
}

/** The first element inside of this name. */
export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  if (element === undefined) return undefined;
  for (const child of element.children) if (child.name === name) return child;
  return undefined;
}

/** The attribute's value, '' where there is none. */
export function attributeOf(element: XmlElement | undefined, name: string): string {
  return element === undefined ? '' : attributeIn(element.attributes, name);
}
