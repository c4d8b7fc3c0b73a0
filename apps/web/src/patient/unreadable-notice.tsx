import type { UnreadablePart } from '@ausculta/contract/readings';
import { Icon } from '../theme/icon.tsx';
import classes from './timeline.module.css';
import { unreadableWords } from './unreadable-words.ts';

/** Takes a row above the charts: what is missing from them is stored, and damaged. */
export function UnreadableNotice({ parts }: { readonly parts: readonly UnreadablePart[] }) {
  if (parts.length === 0) return null;
  return (
    <p className={classes.unreadable} role="alert">
      <Icon name="triangle-alert" size={16} />
      <span>
        <b>Part of this record cannot be read.</b> {unreadableWords(parts)}. Tell who runs the
        system: the stored data are damaged there.
      </span>
    </p>
  );
}
