import { useCallback, useState } from 'react';

/** The inner size of an element, followed for as long as it is there. */
export function useBox() {
  const [box, setBox] = useState<{ widthPx: number; heightPx: number }>();
  const ref = useCallback((element: HTMLElement | null) => {
    if (element === null) return;
    const measure = () => setBox({ widthPx: element.clientWidth, heightPx: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);
  return [ref, box] as const;
}
