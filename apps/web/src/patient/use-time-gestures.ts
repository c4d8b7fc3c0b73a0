import { useEffect, useRef } from 'react';
import type { LiveConnection } from '../live/live-connection.ts';
import { panBy, type Stretch, type TimeView, zoomAt } from './time-view.ts';

const ZOOM_PER_PIXEL = 0.0015;
/** Where the plots begin and end inside the lanes; the classes of timeline.module.css set these. */
const PLOT_SELECTOR = '.u-over';

interface Gestures {
  readonly view: TimeView;
  readonly stretch: Stretch;
  readonly setView: (view: TimeView) => void;
  readonly live: LiveConnection;
}

/** The wheel zooms at the cursor, dragging pans. Gives the ref of the element that listens. */
export function useTimeGestures(gestures: Gestures) {
  const latest = useRef(gestures);
  useEffect(() => {
    latest.current = gestures;
  });
  const cleanUp = useRef<() => void>(undefined);
  return useRef((element: HTMLDivElement | null) => {
    cleanUp.current?.();
    cleanUp.current = element === null ? undefined : listen(element, () => latest.current);
  }).current;
}

function listen(element: HTMLElement, gestures: () => Gestures): () => void {
  const abort = new AbortController();
  const options = { signal: abort.signal };
  let drag: { pointerId: number; x: number } | undefined;
  const nowMs = () => gestures().live.serverNowMs() ?? Date.now();
  const plotBox = () => element.querySelector(PLOT_SELECTOR)?.getBoundingClientRect();

  element.addEventListener(
    'wheel',
    (event) => {
      const box = plotBox();
      if (box === undefined || box.width === 0) return;
      event.preventDefault();
      const { view, stretch, setView } = gestures();
      const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
      const atMs = stretch.fromMs + share * (stretch.toMs - stretch.fromMs);
      const isSideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
      if (isSideways) {
        setView(panBy(view, { shiftMs: (event.deltaX / box.width) * view.spanMs, nowMs: nowMs() }));
      } else {
        setView(
          zoomAt(view, { atMs, factor: Math.exp(event.deltaY * ZOOM_PER_PIXEL), nowMs: nowMs() }),
        );
      }
    },
    { ...options, passive: false },
  );
  element.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button === 0) drag = { pointerId: event.pointerId, x: event.clientX };
    },
    options,
  );
  element.addEventListener(
    'pointermove',
    (event) => {
      const box = plotBox();
      if (drag?.pointerId !== event.pointerId || box === undefined || box.width === 0) return;
      const { view, setView } = gestures();
      const shiftMs = ((drag.x - event.clientX) / box.width) * view.spanMs;
      drag = { pointerId: event.pointerId, x: event.clientX };
      setView(panBy(view, { shiftMs, nowMs: nowMs() }));
    },
    options,
  );
  const release = () => {
    drag = undefined;
  };
  window.addEventListener('pointerup', release, options);
  window.addEventListener('pointercancel', release, options);
  return () => abort.abort();
}
