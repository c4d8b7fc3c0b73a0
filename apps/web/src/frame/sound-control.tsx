import type { SubjectView } from '@ausculta/contract/subjects';
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useAlarmDesk } from '../alarms/alarm-desk.tsx';
import { DEGRADED } from '../alarms/sound-state.ts';
import { subjectsQuery } from '../api/queries.ts';
import { useNow } from '../live/live-context.tsx';
import { Icon } from '../theme/icon.tsx';
import { placedName } from '../vitals/identity-text.ts';
import { countdownText } from '../vitals/number-text.ts';
import { BarPanel, usePanelButton } from './bar-panel.tsx';
import classes from './sound-control.module.css';

const DEGRADED_TEXT = 'monitoring degraded';

/** Sound off always shows its end; no sound at all is louder than either. */
export function SoundState() {
  const desk = useAlarmDesk();
  const panel = usePanelButton('sound');
  const { data: subjects } = useQuery(subjectsQuery);
  useNow(500);
  if (desk.ability !== 'able') {
    return (
      <button type="button" className={classes.noSound} onClick={desk.enableSound}>
        <Icon name="volume-x" size={16} />
        <b>NO SOUND</b> {desk.ability === 'blocked' ? 'Enable' : 'in this browser'}
      </button>
    );
  }
  const endMs = Math.max(...desk.pauses.values(), 0);
  const isPaused = desk.pauses.size > 0;
  const whose = pausedBeds([...desk.pauses.keys()], subjects ?? []);
  return (
    <button type="button" className={classes.sound} {...panel}>
      {isPaused ? <Icon name="bell-off" size={16} /> : <Icon name="volume-2" size={16} />}
      {isPaused ? (
        <span>
          Audio paused, {whose} <b>{countdownText(endMs - performance.now())}</b>
        </span>
      ) : (
        'Sound on'
      )}
    </button>
  );
}

/** A pause is always of something: "bed 05", "monitoring degraded", or how many beds. */
function pausedBeds(ids: readonly string[], subjects: readonly SubjectView[]): string {
  if (ids.includes(DEGRADED)) {
    return ids.length === 1 ? DEGRADED_TEXT : `${DEGRADED_TEXT} and ${ids.length - 1} more`;
  }
  if (ids.length !== 1) return `${ids.length} beds`;
  const bed = subjects.find(({ id }) => id === ids[0])?.identity.bed;
  return bed === undefined ? '1 patient' : `bed ${bed}`;
}

export function SoundPanel() {
  const desk = useAlarmDesk();
  useNow(500);
  const { data: subjects } = useQuery(subjectsQuery);
  const who = (subjectId: string) => {
    if (subjectId === DEGRADED) return 'Monitoring degraded';
    const identity = subjects?.find((subject) => subject.id === subjectId)?.identity;
    return identity === undefined ? 'Unknown patient' : placedName(identity);
  };
  const isDegradedHeard = desk.isDegraded && !desk.pauses.has(DEGRADED);
  const beds = new Set(desk.soundingAlarms.map((alarm) => alarm.subjectId));
  const sounding = [...(isDegradedHeard ? [DEGRADED] : []), ...beds];
  return (
    <BarPanel name="sound" label="Sound">
      {[...desk.pauses].map(([subjectId, untilMs]) => (
        <div key={subjectId} className={classes.row}>
          <span>
            {who(subjectId)} paused, {countdownText(untilMs - performance.now())} left
          </span>
          <Button size="compact-sm" variant="default" onClick={() => desk.resume(subjectId)}>
            Sound again
          </Button>
        </div>
      ))}
      {sounding.map((subjectId) => (
        <div key={subjectId} className={classes.row}>
          <span>{who(subjectId)}</span>
          <Button size="compact-sm" variant="default" onClick={() => desk.pause(subjectId)}>
            Pause 2:00
          </Button>
        </div>
      ))}
      {sounding.length === 0 && desk.pauses.size === 0 && <p>No alarm is sounding.</p>}
      <p className={classes.hint}>
        A pause is for one bed on this workstation and ends by itself. A new high alarm ends it.
      </p>
      <div className={classes.row}>
        <span>Sound test</span>
        <span className={classes.tests}>
          {(['high', 'medium', 'low'] as const).map((priority) => (
            <Button
              key={priority}
              size="compact-sm"
              variant="default"
              onClick={() => desk.testSound(priority)}
            >
              {priority}
            </Button>
          ))}
        </span>
      </div>
    </BarPanel>
  );
}
