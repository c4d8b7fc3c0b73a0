import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import classes from '../access/access-page.module.css';
import { accessesQuery } from '../api/audit-queries.ts';
import { ErrorState } from '../frame/list-states.tsx';
import { momentWords, timeWords } from '../patient/time-words.ts';
import { groupAccesses, type Looks } from './access-log-words.ts';

/** Who has looked at one record, the newest first. */
export function AccessLog({ subjectId }: { readonly subjectId: string }) {
  const log = useInfiniteQuery(accessesQuery(subjectId));
  const looks = groupAccesses(log.data?.pages.flatMap(({ accesses }) => accesses) ?? []);
  return (
    <section className={`card ${classes.part}`} aria-label="Who has looked">
      <h2>Who has looked at record {subjectId.slice(0, 8)}</h2>
      {log.data === undefined && log.error !== null && (
        <ErrorState
          title="The access log cannot be loaded"
          error={log.error}
          retry={() => void log.refetch()}
          forWhom="The patient, who speaks for them, and auditors see who has looked."
        />
      )}
      {log.isPending && <div className={`skeleton ${classes.bone}`} />}
      {log.data !== undefined && looks.length === 0 && <p>Nobody has looked yet.</p>}
      <ul className={classes.rows}>
        {looks.map((one) => (
          <li key={one.key} data-testid="look">
            <div>
              <b>{one.name}</b>
              <br />
              {one.words}
            </div>
            <small>{whenWords(one)}</small>
          </li>
        ))}
      </ul>
      {log.hasNextPage && (
        <Button
          variant="default"
          loading={log.isFetchingNextPage}
          onClick={() => void log.fetchNextPage()}
        >
          Earlier
        </Button>
      )}
    </section>
  );
}

function whenWords({ fromMs, untilMs, count }: Looks): string {
  if (count === 1) return momentWords(untilMs);
  return `${momentWords(fromMs)} to ${timeWords(untilMs)}, ${count} times`;
}
