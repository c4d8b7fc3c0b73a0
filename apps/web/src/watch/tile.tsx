import type { SubjectView } from '@ausculta/contract/subjects';
import { FLAG, hasFlag } from '@ausculta/vitals/reading';
import { Link } from '@tanstack/react-router';
import { memo, useCallback, useMemo, useState } from 'react';
import { orderAlarms } from '../alarms/alarm-order.ts';
import { useLive, useSubjectLive } from '../live/live-context.tsx';
import { lastSignalMs, lostText, NOT_LIVE_TEXT } from '../vitals/data-silence.ts';
import { ageSexText, nameText, PACED_TEXT } from '../vitals/identity-text.ts';
import type { StripReport } from '../wave/wave-strip.ts';
import classes from './tile.module.css';
import { TileBand } from './tile-band.tsx';
import { TileNumbers } from './tile-numbers.tsx';
import { TileStrip } from './tile-strip.tsx';
import type { WallLayout } from './wall-layout.ts';

interface TileProps {
  readonly subject: SubjectView;
  readonly layout: WallLayout;
  readonly heightPx: number;
  readonly index: number;
  readonly isTabStop: boolean;
  readonly isSteady: boolean;
  /** Ages grow even when nothing arrives: a new value each second draws the tile again. */
  readonly second: number;
  readonly open: (subjectId: string) => void;
  readonly acknowledgement: string | undefined;
  readonly acknowledge: (subjectId: string) => void;
}

/** Everything but the strip: what is left of the tile's height is the strip's. */
const ROWS_PX: Record<WallLayout['rateSize'], number> = {
  72: 16 + 24 + 22 + 92 + 4,
  44: 16 + 24 + 22 + 60 + 4,
  28: 8 + 40 + 22 + 46 + 4,
};
const STRIP_PX_MIN = 16;

export const Tile = memo(function Tile(props: TileProps) {
  const { subject, layout } = props;
  const { identity } = subject;
  const live = useLive();
  const state = useSubjectLive(subject.id);
  const [strip, setStrip] = useState<StripReport>();
  const report = useCallback((told: StripReport) => setStrip(told), []);
  const nowMs = live.serverNowMs() ?? Date.now();
  const alarms = orderAlarms(state.alarms.values());
  const top = alarms[0];
  const isFlashing = top?.episode === 'raised' && top.priority !== 'low' && !props.isSteady;
  const stripPx = props.heightPx - ROWS_PX[layout.rateSize];
  const hasStrip = stripPx >= STRIP_PX_MIN;
  const isDense = layout.rateSize === 28;
  const label = useMemo(
    () =>
      [identity.bed && `Bed ${identity.bed}`, nameText(identity), identity.recordNumber]
        .filter(Boolean)
        .join(', '),
    [identity],
  );
  const isSimulated = [...state.latest.values()].some(({ flags }) =>
    hasFlag(flags, FLAG.SIMULATED),
  );
  const age = ageSexText(identity, nowMs);
  const lastMs = lastSignalMs({ readings: state.latest.values(), waveforms: state.rings.values() });
  const lost = live.state === 'silent' ? NOT_LIVE_TEXT : lostText({ lastMs, nowMs });

  return (
    <article
      className={classes.tile}
      data-testid="tile"
      data-subject={subject.id}
      data-index={props.index}
      data-size={layout.rateSize}
      data-alarm={top?.priority}
      data-episode={top?.episode}
      data-flash={isFlashing || undefined}
      aria-label={label}
      // A tile is one stop of the keyboard; arrows lead to the others (watch-page.tsx).
      tabIndex={props.isTabStop ? 0 : -1}
      onClick={() => props.open(subject.id)}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && event.target === event.currentTarget) props.open(subject.id);
      }}
    >
      <header className={classes.identity}>
        {identity.bed !== undefined && <b className={classes.bed}>{identity.bed}</b>}
        <Link
          to="/patients/$id"
          params={{ id: subject.id }}
          className={classes.name}
          tabIndex={-1}
          onClick={(event) => event.stopPropagation()}
        >
          {nameText(identity)}
        </Link>
        <span className={classes.who}>
          {[age, identity.recordNumber].filter(Boolean).join(' · ')}
        </span>
        <span
          className={classes.paced}
          data-known={subject.paced !== 'unknown' || undefined}
          title={PACED_TEXT[subject.paced].long}
        >
          {PACED_TEXT[subject.paced].short}
          {isDense && isSimulated && <span className={classes.simulated}>, sim</span>}
        </span>
      </header>
      <TileBand
        top={top}
        others={alarms.length - 1}
        lost={lost}
        nowMs={nowMs}
        canAcknowledge={hasStrip}
        acknowledgement={props.acknowledgement}
        acknowledge={() => props.acknowledge(subject.id)}
        isDense={isDense}
      />
      <TileNumbers
        readings={[...state.latest.values()]}
        alarms={alarms}
        nowMs={nowMs}
        silent={live.state !== 'live'}
        rateSize={layout.rateSize}
        temperature={layout.temperature}
        isFlashing={isFlashing}
      />
      {hasStrip && (
        <TileStrip
          subjectId={subject.id}
          rings={state.rings}
          heightPx={stripPx}
          pleth={layout.pleth}
          lost={top === undefined ? undefined : isDense ? lost?.split(',')[0] : lost}
          label={`Waveforms of ${nameText(identity)}`}
          strip={strip}
          report={report}
        />
      )}
    </article>
  );
});
