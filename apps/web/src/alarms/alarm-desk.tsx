import type { AlarmView } from '@ausculta/contract/alarms';
import type { SubjectView } from '@ausculta/contract/subjects';
import type { AlarmPriority } from '@ausculta/vitals/alarm';
import { useQuery } from '@tanstack/react-query';
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { subjectsQuery } from '../api/queries.ts';
import { useLiveVersion, useNow } from '../live/live-context.tsx';
import { placedName, placeText } from '../vitals/identity-text.ts';
import { alarmKey, orderAlarms } from './alarm-order.ts';
import { spokenText } from './alarm-text.ts';
import { Annunciator, type AudioAbility } from './annunciator.ts';
import {
  type AudioPauses,
  DEGRADED,
  isSounding,
  keepPauses,
  NO_PAUSES,
  newHighSubjects,
  pauseAudio,
  resumeAudio,
  soundingPriority,
  stationPriority,
} from './sound-state.ts';

export interface AlarmDesk {
  /** Open alarms of everyone on this screen, the most urgent first. */
  readonly alarms: readonly AlarmView[];
  readonly ability: AudioAbility;
  readonly pauses: AudioPauses;
  /** The server cannot store what it receives: high, technical, and everywhere (safety S3). */
  readonly isDegraded: boolean;
  /** What the loudspeaker says now. */
  readonly sounding: AlarmPriority | undefined;
  readonly soundingAlarms: readonly AlarmView[];
  readonly pause: (subjectId: string) => void;
  readonly resume: (subjectId: string) => void;
  readonly enableSound: () => void;
  readonly testSound: (priority: AlarmPriority) => void;
}

const Context = createContext<AlarmDesk | undefined>(undefined);
const PAUSE_CHECK_MS = 250;

/** Everything of this workstation that concerns hearing alarms. Times here are the browser's own. */
export function AlarmDeskProvider({
  isLocked,
  children,
}: {
  /** Nobody's name is said aloud where their nurse has left. */
  readonly isLocked: boolean;
  readonly children: ReactNode;
}) {
  const live = useLiveVersion();
  const { data: subjects } = useQuery(subjectsQuery);
  // Silence brings no event: the clock must look.
  useNow(1_000);
  const alarms = orderAlarms(live.store.alarms());
  const [ability, setAbility] = useState<AudioAbility>('blocked');
  const [pauses, setPauses] = useState<AudioPauses>(NO_PAUSES);
  const annunciator = useAnnunciator(setAbility);
  useBreakingPauses(alarms, setPauses);

  const quietMs = performance.now() - (live.lastFrameMs ?? performance.now());
  const isDegraded = live.store.degradedSinceMs !== null;
  const heard = soundingPriority(alarms, pauses);
  const own = stationPriority({ isDegraded, quietMs, pauses });
  const sounding = heard === 'high' ? heard : (own ?? heard);
  useEffect(() => annunciator.current?.sound(sounding), [annunciator, sounding]);

  const pause = useCallback(
    (subjectId: string) =>
      setPauses((before) => pauseAudio(before, { subjectId, nowMs: performance.now() })),
    [],
  );
  const resume = useCallback(
    (subjectId: string) => setPauses((before) => resumeAudio(before, subjectId)),
    [],
  );
  // Each time anew: a pause of the last time does not cover this one.
  useEffect(() => {
    if (isDegraded) resume(DEGRADED);
  }, [isDegraded, resume]);
  const enableSound = useCallback(() => void annunciator.current?.enable(), [annunciator]);
  const testSound = useCallback(
    (priority: AlarmPriority) =>
      void annunciator.current?.enable().then(() => annunciator.current?.test(priority)),
    [annunciator],
  );

  const desk: AlarmDesk = {
    alarms,
    ability,
    pauses,
    isDegraded,
    sounding,
    soundingAlarms: alarms.filter((alarm) => isSounding(alarm, pauses)),
    pause,
    resume,
    enableSound,
    testSound,
  };
  return (
    <Context value={desk}>
      {children}
      {/* Of another kind once it locks: what stood there is gone. */}
      <SpokenAlarms
        key={String(isLocked)}
        alarms={alarms}
        subjects={subjects ?? []}
        isLocked={isLocked}
      />
    </Context>
  );
}

export function useAlarmDesk(): AlarmDesk {
  const desk = useContext(Context);
  if (desk === undefined)
    throw new Error('broken invariant: an alarm screen is inside AlarmDeskProvider');
  return desk;
}

function useAnnunciator(onAbility: (ability: AudioAbility) => void) {
  const annunciator = useRef<Annunciator>(undefined);
  useEffect(() => {
    const started = new Annunciator(onAbility);
    annunciator.current = started;
    started.start();
    // The first touch of the page is enough for the browser to let it sound.
    const enable = () => void started.enable();
    window.addEventListener('pointerdown', enable);
    window.addEventListener('keydown', enable);
    return () => {
      window.removeEventListener('pointerdown', enable);
      window.removeEventListener('keydown', enable);
      started.stop();
    };
  }, [onAbility]);
  return annunciator;
}

/** Pauses end by themselves, and a new high alarm ends that of its bed at once. */
function useBreakingPauses(
  alarms: readonly AlarmView[],
  setPauses: (change: (before: AudioPauses) => AudioPauses) => void,
): void {
  const seen = useRef<ReadonlySet<string>>(new Set());
  useEffect(() => {
    const high = newHighSubjects(seen.current, alarms);
    seen.current = high.seen;
    if (high.subjects.size === 0) return;
    setPauses((before) =>
      keepPauses(before, { nowMs: performance.now(), newHighSubjects: high.subjects }),
    );
  }, [alarms, setPauses]);
  useEffect(() => {
    const timer = window.setInterval(() => {
      setPauses((before) =>
        keepPauses(before, { nowMs: performance.now(), newHighSubjects: new Set() }),
      );
    }, PAUSE_CHECK_MS);
    return () => window.clearInterval(timer);
  }, [setPauses]);
}

/** Says each alarm once to a screen reader; a high one interrupts. */
function SpokenAlarms({
  alarms,
  subjects,
  isLocked,
}: {
  readonly alarms: readonly AlarmView[];
  readonly subjects: readonly SubjectView[];
  readonly isLocked: boolean;
}) {
  const said = useRef(new Set<string>());
  const [words, setWords] = useState({ urgent: '', calm: '' });
  const names = useMemo(
    () => new Map(subjects.map((subject) => [subject.id, subject.identity])),
    [subjects],
  );
  useEffect(() => {
    const raised = alarms.filter(
      (alarm) => alarm.episode === 'raised' && !said.current.has(saidKey(alarm)),
    );
    if (raised.length === 0) return;
    const text = (alarm: AlarmView) => {
      const identity = names.get(alarm.subjectId);
      if (identity === undefined) return spokenText(alarm, 'unknown patient');
      if (isLocked) return `${alarm.priority} alarm, ${placeText(identity)}`;
      return spokenText(alarm, identity.isWithheld ? placeText(identity) : placedName(identity));
    };
    for (const alarm of raised) said.current.add(saidKey(alarm));
    const high = raised.filter((alarm) => alarm.priority === 'high');
    const others = raised.filter((alarm) => alarm.priority !== 'high');
    setWords((before) => ({
      urgent: high.length === 0 ? before.urgent : high.map(text).join('. '),
      calm: others.length === 0 ? before.calm : others.map(text).join('. '),
    }));
  }, [alarms, names, isLocked]);
  return (
    <>
      <div className="visually-hidden" role="alert">
        {words.urgent}
      </div>
      <div className="visually-hidden" role="status" aria-label="Alarms">
        {words.calm}
      </div>
    </>
  );
}

/** An alarm that has become more urgent, or calls again, is said once more. */
function saidKey(alarm: AlarmView): string {
  return `${alarmKey(alarm)} ${alarm.priority} ${alarm.calledAgainMs}`;
}
