import type { ReattributionView } from '@ausculta/contract/devices';
import type { SubjectView } from '@ausculta/contract/subjects';
import { momentWords } from '../patient/time-words.ts';
import classes from './device-page.module.css';
import { whoText } from './wearing-plan.ts';

const SHOWN_MAX = 10;
const COUNT = new Intl.NumberFormat('en-GB');

interface MovesProps {
  readonly moves: readonly ReattributionView[];
  readonly subjects: readonly SubjectView[];
}

/** What was corrected, and how far the readings have come: until then neither record shows them. */
export function Moves({ moves, subjects }: MovesProps) {
  if (moves.length === 0) return null;
  const newest = moves
    .toSorted((one, other) => Date.parse(other.orderedAt) - Date.parse(one.orderedAt))
    .slice(0, SHOWN_MAX);
  return (
    <>
      <h3>Corrections</h3>
      <ul className={classes.moves} aria-live="polite">
        {newest.map((move) => (
          <li key={move.id} data-testid="move" data-stage={move.stage}>
            <b>{stageText(move)}</b>
            <br />
            <small>
              {whoText(move.fromSubjectId, subjects)} → {whoText(move.toSubjectId, subjects)},{' '}
              {momentWords(Date.parse(move.from))}{' '}
              {move.until === null ? 'on' : `to ${momentWords(Date.parse(move.until))}`}, said{' '}
              {momentWords(Date.parse(move.orderedAt))}
            </small>
          </li>
        ))}
      </ul>
      {moves.length > SHOWN_MAX && (
        <p className={classes.quiet}>{moves.length - SHOWN_MAX} older ones are not shown.</p>
      )}
    </>
  );
}

function stageText({ stage, valuesMoved }: ReattributionView): string {
  const moved = `${COUNT.format(valuesMoved)} ${valuesMoved === 1 ? 'value' : 'values'}`;
  if (stage === 'done') return `${moved} moved`;
  return stage === 'moving' ? `Moving, ${moved} so far` : `${moved} moved, alarms follow`;
}
