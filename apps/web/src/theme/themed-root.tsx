import { MantineProvider } from '@mantine/core';
import { useColorScheme } from '@mantine/hooks';
import { Outlet, useLocation } from '@tanstack/react-router';
import { usePreferences } from './preferences.ts';
import { cssVariables, theme } from './theme.ts';

/** Watch opens dark, because it is looked at all night; other pages follow the system or the choice. */
export function ThemedRoot() {
  const system = useColorScheme('light', { getInitialValueInEffect: false });
  const { pages, watch } = usePreferences();
  const onWatch = useLocation({ select: (location) => location.pathname === '/watch' });
  const page = pages === 'system' ? system : pages;
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      forceColorScheme={onWatch ? watch : page}
    >
      <Outlet />
    </MantineProvider>
  );
}
