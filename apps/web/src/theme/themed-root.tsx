import { MantineProvider } from '@mantine/core';
import { useColorScheme } from '@mantine/hooks';
import { Outlet, useLocation } from '@tanstack/react-router';
import { useLayoutEffect } from 'react';
import { usePreferences } from './preferences.ts';
import { cssVariables, theme } from './theme.ts';

/** Watch opens dark, because it is looked at all night; other pages follow the system or the choice. */
export function ThemedRoot() {
  const system = useColorScheme('light', { getInitialValueInEffect: false });
  const { pages, watch } = usePreferences();
  const onWatch = useLocation({ select: (location) => location.pathname === '/watch' });
  const page = pages === 'system' ? system : pages;
  const scheme = onWatch ? watch : page;
  // The provider says so too, but only after the charts have read their inks from the style of before.
  useLayoutEffect(() => {
    document.documentElement.setAttribute('data-mantine-color-scheme', scheme);
  }, [scheme]);
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} forceColorScheme={scheme}>
      <Outlet />
    </MantineProvider>
  );
}
