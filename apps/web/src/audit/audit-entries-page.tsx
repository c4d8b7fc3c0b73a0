import type { AuditEntry } from '@ausculta/contract/audit';
import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { createLazyRoute, Link, useNavigate, useSearch } from '@tanstack/react-router';
import parts from '../access/access-page.module.css';
import { type AuditFilters, auditQuery } from '../api/audit-queries.ts';
import { useMay } from '../api/use-may.ts';
import list from '../frame/list-page.module.css';
import { EmptyState, ErrorState } from '../frame/list-states.tsx';
import { momentWords, timeWords } from '../patient/time-words.ts';
import classes from './audit-entries.module.css';
import { AuditFilterForm } from './audit-filters.tsx';
import { AuditState } from './audit-state.tsx';
import { type EntryLine, groupEntries } from './audit-words.ts';

export const Route = createLazyRoute('/workspace/audit/entries')({ component: AuditEntriesPage });

/** Every act and every look of the organisation, for whoever keeps the audit. */
function AuditEntriesPage() {
  const may = useMay();
  const filters = useSearch({ from: '/workspace/audit/entries' });
  const navigate = useNavigate();
  const choose = (search: AuditFilters) => void navigate({ to: '/audit/entries', search });
  if (!may('search audit'))
    return <EmptyState title="This is not for your role" text="Auditors read the audit." />;
  return (
    <main className={list.page} aria-label="Acts and looks">
      <div className={classes.page}>
        <AuditState />
        <section className={`card ${parts.part}`} aria-label="Acts and looks">
          <div className={classes.head}>
            <h2>Acts and looks</h2>
            <Link to="/audit" className={classes.on}>
              Reviews
            </Link>
          </div>
          <AuditFilterForm key={JSON.stringify(filters)} filters={filters} choose={choose} />
          <Entries filters={filters} choose={choose} />
        </section>
      </div>
    </main>
  );
}

interface EntriesProps {
  readonly filters: AuditFilters;
  readonly choose: (filters: AuditFilters) => void;
}

function Entries({ filters, choose }: EntriesProps) {
  const found = useInfiniteQuery(auditQuery(filters));
  const { data, error, hasNextPage, isFetchingNextPage } = found;
  const lines = groupEntries(data?.pages.flatMap(({ entries }) => entries) ?? []);
  const until = data?.pages.at(-1)?.until;
  return (
    <>
      {data === undefined && error !== null && (
        <ErrorState
          title="The audit cannot be loaded"
          error={error}
          retry={() => void found.refetch()}
          forWhom="Auditors read the audit."
        />
      )}
      {found.isPending &&
        ['one', 'two', 'three'].map((bone) => (
          <div key={bone} className={`skeleton ${parts.bone}`} />
        ))}
      {data?.pages.some(({ unreadable }) => unreadable) && (
        <p className={classes.problem} role="alert">
          Some entries are not as they were written, and are left out here. Run ausculta audit
          verify.
        </p>
      )}
      {data !== undefined && lines.length === 0 && (
        <p>{hasNextPage ? 'Nothing so far.' : 'Nothing was done that this looks for.'}</p>
      )}
      <ul className={classes.lines}>
        {lines.map((line) => (
          <Line key={line.key} line={line} filters={filters} choose={choose} />
        ))}
      </ul>
      {hasNextPage && (
        <div className={classes.more}>
          <Button
            variant="default"
            loading={isFetchingNextPage}
            onClick={() => void found.fetchNextPage()}
          >
            Earlier
          </Button>
          {until !== null && until !== undefined && (
            <small>Looked back to {momentWords(Date.parse(until))}</small>
          )}
        </div>
      )}
    </>
  );
}

interface LineProps extends EntriesProps {
  readonly line: EntryLine;
}

function Line({ line, filters, choose }: LineProps) {
  const { entry, words, count } = line;
  const { who, status, people, subjects } = entry;
  const refused = status !== null && status >= 400;
  return (
    <li data-testid="audit-entry">
      <span className={classes.when}>{whenWords(line)}</span>
      <span className={classes.who}>
        {who === null || who.startsWith('device/') ? (
          <b>{who === null ? 'The platform' : who}</b>
        ) : (
          <button
            type="button"
            className={classes.link}
            onClick={() => choose({ ...filters, who })}
          >
            {entry.name ?? accountWords(who)}
          </button>
        )}
      </span>
      <span>
        {words}
        {count > 1 && `, ${count} times`}
        {refused && <b className={classes.refused}> refused ({status})</b>}
      </span>
      <span className={classes.about}>
        {subjects.map((id) => (
          <button
            key={id}
            type="button"
            className={classes.link}
            onClick={() => choose({ ...filters, subject: id })}
          >
            record {id.slice(0, 8)}
          </button>
        ))}
        {people > subjects.length && <span>and {people - subjects.length} more</span>}
        {subjects.length === 0 && <Target entry={entry} filters={filters} choose={choose} />}
      </span>
    </li>
  );
}

function accountWords(who: string): string {
  if (who.startsWith('token-')) return `program ${who.slice('token-'.length, 'token-'.length + 8)}`;
  return `account ${who.slice(0, 8)}`;
}

interface TargetProps extends EntriesProps {
  readonly entry: AuditEntry;
}

function Target({ entry: { target, who }, filters, choose }: TargetProps) {
  if (target === null) return null;
  const account = /^account\/(.+)$/.exec(target)?.[1];
  if (account === undefined) return <span>{target.replace('/', ' ')}</span>;
  if (account === who) return <span>their own account</span>;
  return (
    <button
      type="button"
      className={classes.link}
      onClick={() => choose({ ...filters, who: account })}
    >
      {accountWords(account)}
    </button>
  );
}

function whenWords({ fromMs, untilMs, count }: EntryLine): string {
  const day = momentWords(untilMs).split(',')[0];
  if (count === 1) return `${day}, ${timeWords(untilMs)}`;
  return `${momentWords(fromMs)} to ${timeWords(untilMs)}`;
}
