import type { SubjectView } from '@ausculta/contract/subjects';
import { FLAG, hasFlag } from '@ausculta/vitals/reading';
import { memo, useCallback, useState } from 'react';
import { orderAlarms } from '../alarms/alarm-order.ts';
import { useLive, useSubjectLive } from '../live/live-context.tsx';
import { unmonitoredText } from '../patients/presence.ts';
import { lowestBattery } from '../vitals/battery.ts';
import { lastSignalMs, lostText, NOT_LIVE_TEXT } from '../vitals/data-silence.ts';
import { nameText } from '../vitals/identity-text.ts';
import type { StripReport } from '../wave/wave-strip.ts';
import classes from './tile.module.css';
import { TileBand } from './tile-band.tsx';
import { TileIdentity } from './tile-identity.tsx';
import { TileNumbers } from './tile-numbers.tsx';
import { TileStrip } from './tile-strip.tsx';
import { useBox } from './use-box.ts';
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

/** Everything but identity and strip: what is left of the tile's height is the strip's. */
const ROWS_PX: Record<WallLayout['rateSize'], number> = {
  72: 16 + 22 + 92 + 4,
  44: 16 + 22 + 60 + 4,
  28: 8 + 22 + 46 + 4,
};
const STRIP_PX_MIN = 16;

export const Tile = memo(function Tile(props: TileProps) {
  const { subject, layout } = props;
  const state = useTileState(subject);
  const top = state.alarms[0];
  const isFlashing = top?.episode === 'raised' && top.priority !== 'low' && !props.isSteady;
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
      aria-label={tileLabel(subject.identity)}
      // A tile is one stop of the keyboard; arrows lead to the others (use-wall-keys.ts).
      tabIndex={props.isTabStop ? 0 : -1}
      onClick={() => props.open(subject.id)}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && event.target === event.currentTarget) props.open(subject.id);
      }}
    >
      <TileRows {...props} state={state} isFlashing={isFlashing} />
    </article>
  );
});

type TileState = ReturnType<typeof useTileState>;

/** What is known now of the one whom the tile shows. */
function useTileState(subject: SubjectView) {
  const connection = useLive();
  const live = useSubjectLive(subject.id);
  const nowMs = connection.serverNowMs() ?? Date.now();
  const readings = [...live.latest.values()];
  const lastMs = lastSignalMs({ readings, waveforms: live.rings.values(), nowMs });
  const silence = lostText({ lastMs, nowMs });
  return {
    readings,
    rings: live.rings,
    alarms: orderAlarms(live.alarms.values()),
    nowMs,
    silent: connection.state !== 'live',
    lost:
      connection.state === 'silent'
        ? NOT_LIVE_TEXT
        : silence && (unmonitoredText(subject) ?? silence),
    battery: lowestBattery(readings, {
      devices: subject.devices.map(({ id }) => id),
      nowMs,
    }),
    isSimulated: readings.some(({ flags }) => hasFlag(flags, FLAG.SIMULATED)),
  };
}

interface TileRowsProps extends TileProps {
  readonly state: TileState;
  readonly isFlashing: boolean;
}

/** Identity, status or alarm, numbers, strip: from the top, each in a height of its own. */
function TileRows({ subject, layout, state, ...props }: TileRowsProps) {
  const [strip, setStrip] = useState<StripReport>();
  const report = useCallback((told: StripReport) => setStrip(told), []);
  const { alarms, nowMs, lost } = state;
  const top = alarms[0];
  const isDense = layout.rateSize === 28;
  // A name is never cut: a long one takes a second line, and the strip is the lower for it.
  const [identityRef, identity] = useBox();
  const stripPx = props.heightPx - ROWS_PX[layout.rateSize] - (identity?.heightPx ?? 0);
  const hasStrip = identity !== undefined && stripPx >= STRIP_PX_MIN;
  return (
    <>
      <TileIdentity
        ref={identityRef}
        subject={subject}
        nowMs={nowMs}
        saysSimulated={isDense && state.isSimulated}
      />
      <TileBand
        top={top}
        others={alarms.length - 1}
        category={subject.category}
        lost={lost}
        battery={state.battery}
        nowMs={nowMs}
        canAcknowledge={hasStrip}
        acknowledgement={props.acknowledgement}
        acknowledge={() => props.acknowledge(subject.id)}
        isDense={isDense}
      />
      <TileNumbers
        readings={state.readings}
        alarms={alarms}
        nowMs={nowMs}
        silent={state.silent}
        rateSize={layout.rateSize}
        temperature={layout.temperature}
        isFlashing={props.isFlashing}
      />
      {hasStrip && (
        <TileStrip
          subjectId={subject.id}
          rings={state.rings}
          heightPx={stripPx}
          pleth={layout.pleth}
          lost={top === undefined ? undefined : isDense ? lost?.split(',')[0] : lost}
          label={`Waveforms of ${nameText(subject.identity)}`}
          strip={strip}
          report={report}
        />
      )}
    </>
  );
}

function tileLabel(identity: SubjectView['identity']): string {
  return [identity.bed && `Bed ${identity.bed}`, nameText(identity), identity.recordNumber]
    .filter(Boolean)
    .join(', ');
}
