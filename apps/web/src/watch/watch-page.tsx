import type { SubjectView } from '@ausculta/contract/subjects';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute, useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useAlarmDesk } from '../alarms/alarm-desk.tsx';
import { orderAlarms } from '../alarms/alarm-order.ts';
import { useAcknowledge } from '../alarms/use-acknowledge.ts';
import { subjectsQuery } from '../api/queries.ts';
import { EmptyState, ErrorState } from '../frame/list-states.tsx';
import { useLive, useNow } from '../live/live-context.tsx';
import { usePreferences } from '../theme/preferences.ts';
import { byPlace } from '../vitals/identity-text.ts';
import { Tile } from './tile.tsx';
import { findBed, moveFocus, type TypedBed, typeDigit } from './tile-keys.ts';
import { useScreenAwake } from './use-screen-awake.ts';
import { TILES_MAX, wallLayout } from './wall-layout.ts';
import classes from './watch-page.module.css';

export const Route = createLazyRoute('/workspace/watch')({ component: WatchPage });

const TILE_GAP_PX = 8;
const LIST_TILE_PX = 203;

function WatchPage() {
  const { data: subjects, error, refetch } = useQuery(subjectsQuery);
  useScreenAwake();
  if (subjects === undefined && error !== null) {
    return (
      <ErrorState
        title="The patients cannot be loaded"
        error={error}
        retry={() => void refetch()}
      />
    );
  }
  if (subjects?.length === 0) {
    return (
      <EmptyState
        title="Nobody is watched yet"
        text="Add the first patient, then connect the first device, on the command line:"
        commands={[
          'npx ausculta subject add "Rivera, Ana"',
          'npx ausculta device add patch-1 --subject ID',
        ]}
      />
    );
  }
  return <Wall subjects={subjects} />;
}

function Wall({ subjects }: { readonly subjects: readonly SubjectView[] | undefined }) {
  const [boxRef, box] = useBox();
  const ordered = useMemo(() => subjects?.toSorted(byPlace).slice(0, TILES_MAX), [subjects]);
  const count = ordered?.length ?? 4;
  const layout = useMemo(
    () => wallLayout({ patients: count, widthPx: box?.widthPx ?? 1, heightPx: box?.heightPx ?? 1 }),
    [count, box],
  );
  const isList = layout.form === 'list';
  const heightPx = isList
    ? LIST_TILE_PX
    : Math.floor(((box?.heightPx ?? 0) - TILE_GAP_PX * (layout.rows - 1)) / layout.rows);
  const left = (subjects?.length ?? 0) - count;
  return (
    <main className={classes.page} aria-label="Watch">
      <div ref={boxRef} className={classes.box} data-form={layout.form}>
        {box !== undefined && (
          <div
            className={classes.wall}
            style={{
              gridTemplateColumns: `repeat(${layout.columns}, minmax(0, 1fr))`,
              gridAutoRows: `${heightPx}px`,
            }}
          >
            {ordered === undefined ? (
              Array.from({ length: 4 }, (_, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: placeholders are all alike
                <div key={index} className={`card ${classes.loading}`} aria-busy="true" />
              ))
            ) : (
              <Tiles subjects={ordered} layout={layout} heightPx={heightPx} />
            )}
          </div>
        )}
      </div>
      {left > 0 && (
        <p className={classes.left} role="alert">
          {left} more {left === 1 ? 'patient is' : 'patients are'} not on this screen. A screen
          watches {TILES_MAX}.
        </p>
      )}
    </main>
  );
}

interface TilesProps {
  readonly subjects: readonly SubjectView[];
  readonly layout: ReturnType<typeof wallLayout>;
  readonly heightPx: number;
}

function Tiles({ subjects, layout, heightPx }: TilesProps) {
  const live = useLive();
  const desk = useAlarmDesk();
  const navigate = useNavigate();
  const second = Math.floor(useNow(1_000) / 1_000);
  const { steadyAlarms } = usePreferences();
  const [tabStop, setTabStop] = useState(0);
  const typed = useRef<TypedBed>(undefined);
  const listRef = useRef<HTMLDivElement>(null);
  const { acknowledge, messageFor } = useAcknowledge();

  const open = useCallback(
    (id: string) => void navigate({ to: '/patients/$id', params: { id } }),
    [navigate],
  );
  const acknowledgeTop = useCallback(
    (id: string) => {
      const raised = orderAlarms(live.subject(id).alarms.values()).find(
        (alarm) => alarm.episode === 'raised',
      );
      if (raised !== undefined) acknowledge(raised);
    },
    [live, acknowledge],
  );

  const focusTile = useCallback((index: number) => {
    setTabStop(index);
    listRef.current?.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus();
  }, []);

  const onKey = useCallback(
    (event: KeyboardEvent | globalThis.KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const tile = focusedTile(event.target);
      const index = tile === undefined ? -1 : Number(tile.dataset.index);
      const id = tile?.dataset.subject;
      if (/^\d$/.test(event.key)) {
        typed.current = typeDigit(typed.current, { key: event.key, atMs: event.timeStamp });
        const found = findBed(
          subjects.map((subject) => subject.identity.bed),
          typed.current,
        );
        if (found >= 0) focusTile(found);
      } else if (event.key.startsWith('Arrow') || event.key === 'Home' || event.key === 'End') {
        if (tile === undefined) return;
        focusTile(
          moveFocus({ index, key: event.key, columns: layout.columns, count: subjects.length }),
        );
      } else if (event.key === 'a' && id !== undefined && canAcknowledge(tile)) {
        acknowledgeTop(id);
      } else if (event.key === 'm') {
        const bed = id ?? desk.soundingAlarms[0]?.subjectId;
        if (bed !== undefined) desk.pause(bed);
      } else return;
      event.preventDefault();
    },
    [subjects, layout.columns, focusTile, acknowledgeTop, desk],
  );
  useWindowKeys(onKey);

  return (
    <div ref={listRef} className={classes.tiles}>
      {subjects.map((subject, index) => (
        <Tile
          key={subject.id}
          subject={subject}
          layout={layout}
          heightPx={heightPx}
          index={index}
          isTabStop={index === Math.min(tabStop, subjects.length - 1)}
          isSteady={steadyAlarms}
          second={second}
          open={open}
          acknowledgement={messageFor(subject.id)}
          acknowledge={acknowledgeTop}
        />
      ))}
    </div>
  );
}

/** Safety S13: only what is seen to have the focus, with its strip in view. */
function canAcknowledge(tile: HTMLElement | undefined): boolean {
  return tile?.matches(':focus-visible') === true && tile.querySelector('canvas') !== null;
}

function focusedTile(target: EventTarget | null): HTMLElement | undefined {
  const isTile = target instanceof HTMLElement && target.dataset.testid === 'tile';
  return isTile ? target : undefined;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.closest('input, textarea, select, [role="menu"], [role="dialog"]') !== null;
}

function useWindowKeys(onKey: (event: globalThis.KeyboardEvent) => void): void {
  const latest = useRef(onKey);
  useEffect(() => {
    latest.current = onKey;
  }, [onKey]);
  useEffect(() => {
    const listen = (event: globalThis.KeyboardEvent) => latest.current(event);
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, []);
}

function useBox() {
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
