import type { SubjectView } from '@ausculta/contract/subjects';
import { createLazyRoute } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useAlarmDesk } from '../alarms/alarm-desk.tsx';
import { wallOf } from '../patients/presence.ts';
import { usePatients } from '../patients/use-patients.tsx';
import { Tiles } from './tiles.tsx';
import { useBox } from './use-box.ts';
import { useScreenAwake } from './use-screen-awake.ts';
import { TILES_MAX, wallLayout } from './wall-layout.ts';
import classes from './watch-page.module.css';

export const Route = createLazyRoute('/workspace/watch')({ component: WatchPage });

const TILE_GAP_PX = 8;
const LIST_TILE_PX = 203;

const NOBODY_YET = {
  title: 'Nobody is watched on this screen',
  text: 'You are on no shift and on no care team where somebody lies: no alarm reaches this screen. Ask whoever keeps the accounts for a shift. Where nobody has been added yet, the first patient and device are added on the command line:',
};

function WatchPage() {
  const { subjects, instead } = usePatients(NOBODY_YET);
  useScreenAwake();
  return instead ?? <Wall subjects={subjects} />;
}

function useWatched(
  subjects: readonly SubjectView[] | undefined,
): ReturnType<typeof wallOf> | undefined {
  const { alarms } = useAlarmDesk();
  const raised = alarms.filter(({ episode }) => episode === 'raised');
  // As one text: each frame brings other alarms, and rarely others of whom one is owed.
  const owed = raised
    .map(({ subjectId }) => subjectId)
    .sort()
    .join();
  return useMemo(
    () => subjects && wallOf(subjects, { owed: new Set(owed.split(',')), max: TILES_MAX }),
    [subjects, owed],
  );
}

function Wall({ subjects }: { readonly subjects: readonly SubjectView[] | undefined }) {
  const [boxRef, box] = useBox();
  const watched = useWatched(subjects);
  const ordered = watched?.shown;
  const count = ordered?.length ?? 4;
  const layout = useMemo(
    () => wallLayout({ patients: count, widthPx: box?.widthPx ?? 1, heightPx: box?.heightPx ?? 1 }),
    [count, box],
  );
  const isList = layout.form === 'list';
  const heightPx = isList
    ? LIST_TILE_PX
    : Math.floor(((box?.heightPx ?? 0) - TILE_GAP_PX * (layout.rows - 1)) / layout.rows);
  const left = watched?.left ?? 0;
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
