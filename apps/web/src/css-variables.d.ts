import 'react';

declare module 'react' {
  /** Custom properties are styles like any other. */
  interface CSSProperties {
    [variable: `--${string}`]: string | number | undefined;
  }
}
