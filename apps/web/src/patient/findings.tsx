import type { AlarmView } from '@ausculta/contract/alarms';
import type { SubjectView } from '@ausculta/contract/subjects';
import { snoozeRefusal } from '@ausculta/rules/snooze';
import { Button } from '@mantine/core';
import { useCallback, useState } from 'react';
import { useAlarmDesk } from '../alarms/alarm-desk.tsx';
import { orderAlarms } from '../alarms/alarm-order.ts';
import { alarmText, detailText } from '../alarms/alarm-text.ts';
import { answerText, calledAgainText } from '../alarms/answer-words.ts';
import { PriorityMark } from '../alarms/priority-mark.tsx';
import { SnoozeForm } from '../alarms/snooze-form.tsx';
import { useAcknowledge } from '../alarms/use-acknowledge.ts';
import { useLive, useNow, useSubjectLive } from '../live/live-context.tsx';
import { unmonitoredText } from '../patients/presence.ts';
import { lastSignalMs, lostText, NOT_LIVE_TEXT } from '../vitals/data-silence.ts';
import { nameText } from '../vitals/identity-text.ts';
import { countdownText } from '../vitals/number-text.ts';
import { TileStrip } from '../watch/tile-strip.tsx';
import type { StripReport } from '../wave/wave-strip.ts';
import classes from './findings.module.css';
import { timeWords } from './time-words.ts';

const STRIP_PX = 83;

/** Open alarms, with both identifiers and the live strip beside the button (safety S13). */
export function Findings({ subject }: { readonly subject: SubjectView }) {
  const live = useLive();
  const state = useSubjectLive(subject.id);
  const nowMs = useNow(1_000);
  const desk = useAlarmDesk();
  const { acknowledge, messageFor } = useAcknowledge();
  const [strip, setStrip] = useState<StripReport>();
  const report = useCallback((told: StripReport) => setStrip(told), []);
  const alarms = orderAlarms(state.alarms.values());
  const signals = { readings: state.latest.values(), waveforms: state.rings.values() };
  const lastMs = lastSignalMs({ ...signals, nowMs });
  const silence = lostText({ lastMs, nowMs });
  const lost = silence && (unmonitoredText(subject) ?? silence);
  const isSounding = alarms.some((alarm) => alarm.episode === 'raised');
  const pausedUntilMs = desk.pauses.get(subject.id);
  const message = messageFor(subject.id);

  return (
    <section className={`card ${classes.findings}`} aria-label="Open findings">
      <header className={classes.head}>
        <h2>Open findings</h2>
        <span>{alarms.length}</span>
      </header>
      <div className={classes.now}>
        <p>
          <b>{nameText(subject.identity)}</b> · {subject.identity.recordNumber}
        </p>
        <TileStrip
          subjectId={subject.id}
          rings={state.rings}
          heightPx={STRIP_PX}
          pleth
          lost={live.state === 'silent' ? NOT_LIVE_TEXT : lost}
          label={`Live waveforms of ${nameText(subject.identity)}`}
          strip={strip}
          report={report}
        />
      </div>
      {alarms.length === 0 && <p className={classes.none}>No alarm is open.</p>}
      <ul className={classes.list}>
        {alarms.map((alarm) => (
          <Finding
            key={alarm.id}
            alarm={alarm}
            nowMs={nowMs}
            acknowledge={() => acknowledge(alarm)}
          />
        ))}
      </ul>
      {message !== undefined && (
        <p className={classes.none} role="alert">
          {message}
        </p>
      )}
      {(isSounding || pausedUntilMs !== undefined) && (
        <footer className={classes.foot}>
          {pausedUntilMs === undefined ? (
            <Button size="compact-md" variant="default" onClick={() => desk.pause(subject.id)}>
              Pause sound 2:00
            </Button>
          ) : (
            <Button size="compact-md" variant="default" onClick={() => desk.resume(subject.id)}>
              Audio paused {countdownText(pausedUntilMs - performance.now())}, sound again
            </Button>
          )}
        </footer>
      )}
    </section>
  );
}

interface FindingProps {
  readonly alarm: AlarmView;
  readonly nowMs: number;
  readonly acknowledge: () => void;
}

function Finding({ alarm, nowMs, acknowledge }: FindingProps) {
  return (
    <li
      className={classes.finding}
      data-priority={alarm.priority}
      data-episode={alarm.episode}
      data-testid="finding"
    >
      <PriorityMark priority={alarm.priority} />
      <div>
        <b>{alarmText(alarm)}</b>
        <p className={classes.detail}>
          {[
            alarm.priority,
            timeWords(alarm.openedMs),
            detailText(alarm, nowMs),
            calledAgainText(alarm),
          ]
            .filter(Boolean)
            .join(', ')}
        </p>
        <Answer alarm={alarm} acknowledge={acknowledge} />
      </div>
    </li>
  );
}

/** What can be done, or who has done it. */
function Answer({ alarm, acknowledge }: Omit<FindingProps, 'nowMs'>) {
  const [isSnoozing, setSnoozing] = useState(false);
  const close = useCallback(() => setSnoozing(false), []);
  const answer = answerText(alarm);
  if (answer !== undefined) {
    const said = <p className={`${classes.detail} ${classes.answer}`}>{answer}</p>;
    if (alarm.snooze === undefined) return said;
    return (
      <>
        {said}
        <Button size="compact-md" variant="default" onClick={acknowledge}>
          Acknowledge
        </Button>
      </>
    );
  }
  const canSnooze = snoozeRefusal(alarm) === undefined;
  if (isSnoozing && canSnooze) return <SnoozeForm alarm={alarm} close={close} />;
  return (
    <div className={classes.buttons}>
      <Button size="compact-md" variant="default" onClick={acknowledge}>
        Acknowledge
      </Button>
      {canSnooze && (
        <Button size="compact-md" variant="default" onClick={() => setSnoozing(true)}>
          Snooze
        </Button>
      )}
    </div>
  );
}
