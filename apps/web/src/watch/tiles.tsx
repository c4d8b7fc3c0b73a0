import type { SubjectView } from '@ausculta/contract/subjects';
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo, useRef, useState } from 'react';
import { useAlarmDesk } from '../alarms/alarm-desk.tsx';
import { orderAlarms } from '../alarms/alarm-order.ts';
import { useAcknowledge } from '../alarms/use-acknowledge.ts';
import { useLive, useNow } from '../live/live-context.tsx';
import { usePreferences } from '../theme/preferences.ts';
import { BedTile } from './bed-tile.tsx';
import { Tile } from './tile.tsx';
import { useWallKeys } from './use-wall-keys.ts';
import type { WallLayout } from './wall-layout.ts';
import classes from './watch-page.module.css';

interface TilesProps {
  readonly subjects: readonly SubjectView[];
  readonly layout: WallLayout;
  readonly heightPx: number;
}

export function Tiles({ subjects, layout, heightPx }: TilesProps) {
  const desk = useAlarmDesk();
  const navigate = useNavigate();
  const second = Math.floor(useNow(1_000) / 1_000);
  const { steadyAlarms } = usePreferences();
  const [tabStop, setTabStop] = useState(0);
  const listRef = useRef<HTMLDivElement>(null);
  const { acknowledgeTop, messageFor } = useTopAcknowledgement();
  const beds = useMemo(() => subjects.map((subject) => subject.identity.bed), [subjects]);
  const open = useCallback(
    (id: string) => void navigate({ to: '/patients/$id', params: { id } }),
    [navigate],
  );
  const focusTile = useCallback((index: number) => {
    setTabStop(index);
    listRef.current?.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus();
  }, []);
  const pauseSound = useCallback(
    (id: string | undefined) => {
      const bed = id ?? desk.soundingAlarms[0]?.subjectId;
      if (bed !== undefined) desk.pause(bed);
    },
    [desk],
  );
  useWallKeys({
    beds,
    columns: layout.columns,
    focusTile,
    acknowledge: acknowledgeTop,
    pauseSound,
  });

  return (
    <div ref={listRef} className={classes.tiles}>
      {subjects.map((subject, index) => {
        const place = { index, isTabStop: index === Math.min(tabStop, subjects.length - 1) };
        const drawn = { subject, ...place, isSteady: steadyAlarms, second };
        if (subject.identity.isWithheld) return <BedTile key={subject.id} {...drawn} />;
        return (
          <Tile
            key={subject.id}
            {...drawn}
            layout={layout}
            heightPx={heightPx}
            open={open}
            acknowledgement={messageFor(subject.id)}
            acknowledge={acknowledgeTop}
          />
        );
      })}
    </div>
  );
}

/** On the wall one acknowledges what the band says: the highest alarm that nobody has answered. */
function useTopAcknowledgement() {
  const live = useLive();
  const { acknowledge, messageFor } = useAcknowledge();
  const acknowledgeTop = useCallback(
    (id: string) => {
      const raised = orderAlarms(live.subject(id).alarms.values()).find(
        (alarm) => alarm.episode === 'raised',
      );
      if (raised !== undefined) acknowledge(raised);
    },
    [live, acknowledge],
  );
  return { acknowledgeTop, messageFor };
}
