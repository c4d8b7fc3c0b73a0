/**
 * The sections that a command names, in the order of `all`; every one where it names none. Undefined,
 * once it has been said on standard error, where there is none of that name.
 */
export function sectionsAsked<Section>(
  args: readonly string[],
  all: Readonly<Record<string, Section>>,
): Section[] | undefined {
  const wanted = args.filter((arg) => !arg.startsWith('-'));
  const unknown = wanted.filter((name) => !Object.hasOwn(all, name));
  if (unknown.length > 0) {
    const known = Object.keys(all).join(', ');
    process.stderr.write(`No section ${unknown.join(', ')}. There are: ${known}.\n`);
    return undefined;
  }
  return Object.entries(all)
    .filter(([name]) => wanted.length === 0 || wanted.includes(name))
    .map(([, section]) => section);
}
