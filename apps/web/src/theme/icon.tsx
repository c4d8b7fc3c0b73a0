import type { IconBodies, IconName } from './icon-names.ts';

/** Put here by the build (vite.config.ts). */
declare const ICON_BODIES: IconBodies;

interface IconProps {
  readonly name: IconName;
  readonly size: 16 | 20 | 28;
}

/** A drawing beside a word, never in place of one: it is silent for those who listen. */
export function Icon({ name, size }: IconProps) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      aria-hidden="true"
      // biome-ignore lint/security/noDangerouslySetInnerHtml: drawings of the build, no text of anybody
      dangerouslySetInnerHTML={{ __html: ICON_BODIES[name] }}
    />
  );
}
