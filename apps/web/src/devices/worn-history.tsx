import type { DeviceView, WornSpan } from '@ausculta/contract/devices';
import type { SubjectView } from '@ausculta/contract/subjects';
import { useNow } from '../live/live-context.tsx';
import { momentWords } from '../patient/time-words.ts';
import { durationText } from '../vitals/number-text.ts';
import classes from './device-page.module.css';
import type { Span } from './wearing-form.tsx';
import { whoText } from './wearing-plan.ts';

interface WornHistoryProps {
  readonly device: DeviceView;
  readonly subjects: readonly SubjectView[];
  readonly correct: (span: Span) => void;
}

/** The newest first; a bar shows the part of the whole time. */
export function WornHistory({ device, subjects, correct }: WornHistoryProps) {
  const nowMs = useNow(10_000);
  const spans = device.worn.map(timesOf).sort((one, other) => other.fromMs - one.fromMs);
  const startMs = Math.min(nowMs - 1, ...spans.map(({ fromMs }) => fromMs));
  if (spans.length === 0) return <p className={classes.quiet}>Nobody has worn it yet.</p>;
  return (
    <ul className={classes.history}>
      {spans.map((span) => (
        <li key={`${span.subjectId} ${span.fromMs}`} data-testid="worn">
          <div>
            <b>{whoText(span.subjectId, subjects)}</b>
            <br />
            <small>{spanText(span, nowMs)}</small>
          </div>
          <button type="button" className={classes.correct} onClick={() => correct(span)}>
            Correct<span className="visually-hidden"> {spanText(span, nowMs)}</span>
          </button>
          <div className={classes.track} aria-hidden="true">
            <span
              data-now={span.untilMs === null || undefined}
              style={barOf(span, { startMs, nowMs })}
            />
          </div>
        </li>
      ))}
    </ul>
  );
}

function timesOf({ subjectId, from, until }: WornSpan) {
  return {
    subjectId,
    fromMs: Date.parse(from),
    untilMs: until === null ? null : Date.parse(until),
  };
}

function spanText({ fromMs, untilMs }: Span, nowMs: number): string {
  const lasted = durationText((untilMs ?? Math.max(nowMs, fromMs)) - fromMs);
  return untilMs === null
    ? `since ${momentWords(fromMs)}, ${lasted}`
    : `${momentWords(fromMs)} to ${momentWords(untilMs)}, ${lasted}`;
}

/** A short span is still seen. */
function barOf(
  { fromMs, untilMs }: Span,
  { startMs, nowMs }: { readonly startMs: number; readonly nowMs: number },
) {
  const part = (ms: number) => `${(100 * ms) / (nowMs - startMs)}%`;
  const endMs = Math.min(untilMs ?? nowMs, nowMs);
  return { left: part(fromMs - startMs), width: `max(4px, ${part(Math.max(0, endMs - fromMs))})` };
}
