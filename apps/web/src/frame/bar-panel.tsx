import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import classes from './bar-panel.module.css';

export type PanelName = 'sound' | 'person' | 'about';

interface Panels {
  readonly open: PanelName | undefined;
  readonly toggle: (name: PanelName) => void;
  readonly close: () => void;
}

const Context = createContext<Panels | undefined>(undefined);

/**
 * What the buttons of the frame open takes a row under the bar: a popover would cover tiles, and an
 * alarm is never covered. One at a time; Escape closes it and gives the focus back to its button.
 */
export function BarPanels({ children }: { readonly children: ReactNode }) {
  const [open, setOpen] = useState<PanelName>();
  const panels = useMemo(
    () => ({
      open,
      toggle: (name: PanelName) => setOpen((before) => (before === name ? undefined : name)),
      close: () => setOpen(undefined),
    }),
    [open],
  );
  useEffect(() => {
    if (open === undefined) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      setOpen(undefined);
      document.querySelector<HTMLElement>(`[aria-controls="panel-${open}"]`)?.focus();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [open]);
  return <Context value={panels}>{children}</Context>;
}

function usePanels(): Panels {
  const panels = useContext(Context);
  if (panels === undefined) throw new Error('broken invariant: the frame is inside BarPanels');
  return panels;
}

/** What the button of a panel says of it to assistive technology, and what a click does. */
export function usePanelButton(name: PanelName) {
  const { open, toggle } = usePanels();
  return {
    'aria-expanded': open === name,
    'aria-controls': `panel-${name}`,
    onClick: () => toggle(name),
  } as const;
}

interface BarPanelProps {
  readonly name: PanelName;
  readonly label: string;
  readonly children: ReactNode;
}

export function BarPanel({ name, label, children }: BarPanelProps) {
  const { open, close } = usePanels();
  if (open !== name) return null;
  return (
    <section id={`panel-${name}`} className={classes.panel} aria-label={label}>
      <div className={classes.content}>{children}</div>
      <button type="button" className={classes.close} onClick={close}>
        Close
      </button>
    </section>
  );
}
