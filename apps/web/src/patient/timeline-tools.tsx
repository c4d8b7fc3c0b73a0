import { Button, SegmentedControl } from '@mantine/core';
import { Icon } from '../theme/icon.tsx';
import { panBy, RANGES, type Stretch, type TimeView } from './time-view.ts';
import { spanWords } from './time-words.ts';
import classes from './timeline.module.css';

/** Teal is what one can do: the chosen range is filled with it. */
const CHOSEN_RANGE = { '--sc-color': 'var(--brand)', '--sc-label-color': 'var(--on-brand)' };

interface TimelineToolsProps {
  readonly view: TimeView;
  readonly setView: (view: TimeView) => void;
  readonly stretch: Stretch;
  readonly nowMs: number;
  readonly isTable: boolean;
  readonly setTable: (isTable: boolean) => void;
}

/** Which stretch is shown, and as what. */
export function TimelineTools(props: TimelineToolsProps) {
  const { view, setView, isTable } = props;
  return (
    <div className={classes.tools}>
      <SegmentedControl
        aria-label="Range"
        size="sm"
        vars={() => ({ root: CHOSEN_RANGE })}
        data={RANGES.map(({ label }) => label)}
        value={RANGES.find(({ spanMs }) => spanMs === view.spanMs)?.label ?? ''}
        onChange={(label) => {
          const range = RANGES.find((known) => known.label === label);
          if (range !== undefined) setView({ spanMs: range.spanMs, endMs: view.endMs });
        }}
      />
      <Steps {...props} />
      <Button
        variant="default"
        size="compact-md"
        leftSection={<Icon name="table" size={16} />}
        aria-pressed={isTable}
        onClick={() => props.setTable(!isTable)}
      >
        {isTable ? 'Chart' : 'Table'}
      </Button>
    </div>
  );
}

function Steps({ view, setView, stretch, nowMs }: TimelineToolsProps) {
  const isLive = view.endMs === 'live';
  const pan = (share: number) => setView(panBy(view, { shiftMs: share * view.spanMs, nowMs }));
  return (
    <div className={classes.steps}>
      <Button variant="default" size="compact-md" aria-label="Earlier" onClick={() => pan(-0.5)}>
        <Icon name="chevron-left" size={16} />
      </Button>
      <span className={classes.span}>{spanWords(stretch)}</span>
      <Button
        variant="default"
        size="compact-md"
        aria-label="Later"
        disabled={isLive}
        onClick={() => pan(0.5)}
      >
        <Icon name="chevron-right" size={16} />
      </Button>
      <Button
        variant={isLive ? 'filled' : 'default'}
        size="compact-md"
        aria-pressed={isLive}
        onClick={() => setView({ spanMs: view.spanMs, endMs: 'live' })}
      >
        Now
      </Button>
    </div>
  );
}
