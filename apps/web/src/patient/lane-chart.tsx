import { useMantineColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import 'uplot/dist/uPlot.min.css';
import classes from './lane-chart.module.css';
import type { LanePlan } from './lane-plan.ts';
import { type LaneData, LanePlot } from './lane-plot.ts';
import type { Stretch } from './time-view.ts';

interface LaneChartProps {
  readonly plan: LanePlan;
  readonly data: LaneData;
  readonly stretch: Stretch;
  readonly onCursor: (atMs: number | undefined) => void;
}

export function LaneChart({ plan, data, stretch, onCursor }: LaneChartProps) {
  const boxRef = useRef<HTMLDivElement>(null);
  const plotRef = useRef<LanePlot>(undefined);
  const shownRef = useRef({ data, stretch });
  const { colorScheme } = useMantineColorScheme();

  useEffect(() => {
    const box = boxRef.current;
    if (box === null || colorScheme === 'auto') return;
    const plot = new LanePlot({ plan, element: box, widthPx: box.clientWidth, onCursor });
    plotRef.current = plot;
    plot.show(shownRef.current.data, shownRef.current.stretch);
    const observer = new ResizeObserver(() => plot.resize(box.clientWidth));
    observer.observe(box);
    return () => {
      observer.disconnect();
      plot.destroy();
      plotRef.current = undefined;
    };
  }, [plan, onCursor, colorScheme]);

  useEffect(() => {
    shownRef.current = { data, stretch };
    plotRef.current?.show(data, stretch);
  }, [data, stretch]);

  return <div ref={boxRef} className={classes.chart} style={{ height: plan.heightPx }} />;
}
