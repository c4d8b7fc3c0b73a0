import { useLayoutEffect, useRef, useState } from 'react';
import { type Stretch, timeTicks } from './time-view.ts';
import { cursorWords, tickWords } from './time-words.ts';
import classes from './timeline.module.css';

const TICK_PX = 84;

export function TimeAxis({
  stretch,
  cursorMs,
}: {
  readonly stretch: Stretch;
  readonly cursorMs: number | undefined;
}) {
  const ref = useRef<HTMLDivElement>(null);
  const [widthPx, setWidthPx] = useState(600);
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidthPx(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const zoneOffsetMs = -new Date(stretch.toMs).getTimezoneOffset() * 60_000;
  const most = Math.max(2, Math.min(8, Math.floor(widthPx / TICK_PX)));
  const { stepMs, timesMs } = timeTicks(stretch, { most, zoneOffsetMs });
  const left = (atMs: number) =>
    `${((atMs - stretch.fromMs) / (stretch.toMs - stretch.fromMs)) * 100}%`;
  return (
    <div className={classes.lane}>
      <div className={classes.gutter} />
      <div ref={ref} className={classes.axis}>
        {timesMs.map((atMs) => (
          <span key={atMs} className={classes.tick} style={{ left: left(atMs) }}>
            {tickWords(atMs, stepMs)}
          </span>
        ))}
        {cursorMs !== undefined && (
          <span className={classes.cursor} style={{ left: left(cursorMs) }}>
            {cursorWords(cursorMs, stretch)}
          </span>
        )}
      </div>
      <div className={classes.right} />
    </div>
  );
}
