import { INK_COLOURS } from '@ausculta/vitals/colours';
import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
} from '@mantine/core';

/** Mantine wants ten shades; the design has one teal a theme, so the filled shades are those. */
const TEAL: MantineColorsTuple = [
  '#e3f1ef',
  '#c5e4e0',
  '#94d0c9',
  '#5cd0c2',
  '#2fb3a4',
  '#1b9a8c',
  '#0b756b',
  '#0a665e',
  '#07514a',
  '#04211d',
];

export const theme = createTheme({
  fontFamily: 'var(--font)',
  headings: { fontFamily: 'var(--font)', fontWeight: '600' },
  primaryColor: 'teal',
  primaryShade: { light: 6, dark: 4 },
  colors: { teal: TEAL },
  defaultRadius: 8,
  fontSizes: { xs: '12px', sm: '14px', md: '14px', lg: '16px', xl: '20px' },
  // The ink on a filled control follows the theme; Mantine would take the light one for both.
  variantColorResolver: (input) => {
    const colours = defaultVariantColorsResolver(input);
    return input.variant === 'filled' ? { ...colours, color: 'var(--on-brand)' } : colours;
  },
  // The edge of a field is seen in both themes (WCAG 2.2, 1.4.11); Mantine's own is too faint.
  components: {
    Input: {
      vars: () => ({
        wrapper: { '--input-bd': 'var(--edge)', '--input-bg': 'var(--surface)' },
        input: {},
      }),
    },
  },
  cursorType: 'pointer',
  respectReducedMotion: true,
});

/** The design's tokens under Mantine's names, and the catalogue's inks under ours. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: { ...SHARED, ...inks('light') },
  dark: { ...SHARED, ...inks('dark') },
});

const SHARED = {
  '--mantine-color-body': 'var(--bg)',
  '--mantine-color-text': 'var(--ink)',
  '--mantine-color-dimmed': 'var(--ink-3)',
  '--mantine-color-default': 'var(--surface)',
  '--mantine-color-default-border': 'var(--edge)',
  '--mantine-color-default-color': 'var(--ink)',
  '--mantine-color-default-hover': 'var(--sunken)',
  '--mantine-color-placeholder': 'var(--ink-3)',
  '--mantine-primary-color-filled': 'var(--brand)',
  '--mantine-primary-color-contrast': 'var(--on-brand)',
  '--mantine-color-error': 'var(--ink)',
};

function inks(scheme: 'light' | 'dark'): Record<string, string> {
  return Object.fromEntries(
    Object.entries(INK_COLOURS).map(([ink, colour]) => [`--metric-${ink}`, colour[scheme]]),
  );
}
