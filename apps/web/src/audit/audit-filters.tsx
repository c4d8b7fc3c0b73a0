import { AUDIT_FILTERS } from '@ausculta/contract/audit';
import { parseSubjectId } from '@ausculta/vitals/identity';
import { Button, NativeSelect, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { type AuditFilters, auditPath } from '../api/audit-queries.ts';
import { fromLocal, toLocal, zoneName } from '../devices/local-time.ts';
import classes from './audit-entries.module.css';
import { FILTER_WORDS } from './audit-words.ts';

interface FormProps {
  readonly filters: AuditFilters;
  readonly choose: (filters: AuditFilters) => void;
}

const local = (at: string | undefined): string => (at === undefined ? '' : toLocal(Date.parse(at)));

/** What is looked for: it stands in the address of the page, so that it can be kept and sent. */
export function AuditFilterForm({ filters, choose }: FormProps) {
  const [kind, setKind] = useState(filters.kind ?? '');
  const [who, setWho] = useState(filters.who ?? '');
  const [subject, setSubject] = useState(filters.subject ?? '');
  const [from, setFrom] = useState(local(filters.from));
  const [to, setTo] = useState(local(filters.to));
  const record = subject.trim().toLowerCase();
  const isRecord = record === '' || parseSubjectId(record) !== undefined;
  const account = who.trim();
  const isAccount = account === '' || /^[0-9A-Za-z:._/-]{1,80}$/.test(account);

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    if (isRecord && isAccount) choose(given({ kind, who: account, subject: record, from, to }));
  }

  return (
    <form className={classes.filters} aria-label="What to look for" onSubmit={onSubmit}>
      <NativeSelect
        label="What was done"
        data={[
          { value: '', label: 'Everything' },
          ...AUDIT_FILTERS.map((one) => ({ value: one, label: FILTER_WORDS[one] })),
        ]}
        value={kind}
        onChange={(event) => setKind(event.currentTarget.value)}
      />
      <TextInput
        label="By account"
        placeholder="Id, or choose below"
        value={who}
        onChange={(event) => setWho(event.currentTarget.value)}
        error={!isAccount && 'This is no id of an account.'}
      />
      <TextInput
        label="About record"
        placeholder="Id, or choose below"
        value={subject}
        onChange={(event) => setSubject(event.currentTarget.value)}
        error={!isRecord && 'This is no id of a record.'}
      />
      <TextInput
        type="datetime-local"
        step={1}
        label={`From (${zoneName(Date.now())})`}
        value={from}
        onChange={(event) => setFrom(event.currentTarget.value)}
      />
      <TextInput
        type="datetime-local"
        step={1}
        label="Until"
        value={to}
        onChange={(event) => setTo(event.currentTarget.value)}
      />
      <Buttons filters={filters} choose={choose} />
    </form>
  );
}

function Buttons({ filters, choose }: FormProps) {
  return (
    <div className={classes.buttons}>
      <Button type="submit">Look</Button>
      <Button variant="default" onClick={() => choose({})}>
        Clear
      </Button>
      <Button
        variant="default"
        component="a"
        fw={400}
        href={auditPath('/api/audit/table', filters)}
        download
      >
        Download CSV
      </Button>
    </div>
  );
}

interface Given {
  readonly kind: string;
  readonly who: string;
  readonly subject: string;
  readonly from: string;
  readonly to: string;
}

function given({ from, to, ...rest }: Given): AuditFilters {
  const [fromMs, toMs] = [fromLocal(from), fromLocal(to)];
  const filled = Object.entries(rest).filter(([, value]) => value !== '');
  return {
    ...Object.fromEntries(filled),
    ...(fromMs !== undefined && { from: new Date(fromMs).toISOString() }),
    ...(toMs !== undefined && { to: new Date(toMs).toISOString() }),
  };
}
