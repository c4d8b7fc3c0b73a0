/** The icons of Lucide that our screens use; no other reaches the browser. A new one is named here. */
export const ICON_NAMES = [
  'activity',
  'battery-full',
  'battery-low',
  'battery-medium',
  'battery-warning',
  'bell',
  'bell-off',
  'chevron-left',
  'chevron-right',
  'circle-check',
  'circle-x',
  'cpu',
  'info',
  'lock',
  'monitor',
  'scroll-text',
  'stethoscope',
  'table',
  'triangle-alert',
  'user-cog',
  'users',
  'volume-2',
  'volume-x',
  'wifi-off',
] as const;

export type IconName = (typeof ICON_NAMES)[number];
export type IconBodies = Readonly<Record<IconName, string>>;

/** The drawing of each icon, picked out of the whole set when the screens are built. */
export function iconBodies(
  set: Readonly<Record<string, { readonly body: string } | undefined>>,
): IconBodies {
  const bodies = ICON_NAMES.map((name) => {
    const icon = set[name];
    if (icon === undefined) throw new Error(`Lucide has no icon "${name}": see icon-names.ts.`);
    return [name, icon.body] as const;
  });
  return Object.fromEntries(bodies) as IconBodies;
}
