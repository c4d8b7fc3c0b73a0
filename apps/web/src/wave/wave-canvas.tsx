import { useMantineColorScheme } from '@mantine/core';
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from 'react';
import { useLive } from '../live/live-context.tsx';
import { SWEEP_MS } from './sweep.ts';
import { type LaneSpec, type StripReport, WaveStrip } from './wave-strip.ts';
import { WaveWall } from './wave-wall.ts';

const WallContext = createContext<WaveWall | undefined>(undefined);

export function WaveWallProvider({ children }: { readonly children: ReactNode }) {
  const live = useLive();
  const [wall] = useState(() => new WaveWall(live));
  return <WallContext value={wall}>{children}</WallContext>;
}

interface WaveCanvasProps {
  readonly subjectId: string;
  readonly lanes: readonly LaneSpec[];
  readonly className: string | undefined;
  readonly label: string;
  readonly report: (report: StripReport) => void;
}

/** The strip of one subject: a canvas that follows its box, its device's pixels and the theme. */
export function WaveCanvas({ subjectId, lanes, className, label, report }: WaveCanvasProps) {
  const live = useLive();
  const wall = useContext(WallContext);
  const canvasRef = useRef<HTMLCanvasElement>(null);
  const { colorScheme } = useMantineColorScheme();
  const laneKey = JSON.stringify(lanes);

  useEffect(() => {
    const canvas = canvasRef.current;
    if (canvas === null || wall === undefined || colorScheme === 'auto') return;
    const strip = new WaveStrip({
      canvas,
      source: {
        ring: (metricKey) => live.subject(subjectId).rings.get(metricKey),
        rewrites: () => live.subject(subjectId).rewrites,
      },
      lanes: JSON.parse(laneKey) as LaneSpec[],
      sweepMs: SWEEP_MS,
      report,
    });
    const fit = () => {
      const box = canvas.getBoundingClientRect();
      strip.fit({ widthPx: box.width, heightPx: box.height, ratio: window.devicePixelRatio });
    };
    fit();
    const observer = new ResizeObserver(fit);
    observer.observe(canvas);
    const leave = wall.add(strip);
    return () => {
      observer.disconnect();
      leave();
    };
  }, [live, wall, subjectId, laneKey, colorScheme, report]);

  return (
    <canvas
      ref={canvasRef}
      className={className}
      role="img"
      aria-label={label}
      data-testid="ecg-canvas"
    />
  );
}
