import type { AppDecision, AppRequest } from '@ausculta/contract/apps';
import type { SubjectView } from '@ausculta/contract/subjects';
import { Button, Checkbox } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { sessionQuery, subjectsQuery } from '../api/queries.ts';
import { nameText } from '../vitals/identity-text.ts';
import classes from './app-decision.module.css';
import { PatientChoice } from './patient-choice.tsx';
import { asksOf } from './scope-words.ts';

interface AppDecisionFormProps {
  readonly request: AppRequest;
  /** Not ticked until the person does so. */
  readonly leftAtFirst?: readonly string[];
  readonly isBusy: boolean;
  readonly onLetIn: (decision: AppDecision) => void;
  readonly onRefuse: () => void;
}

/** An app by name, whom it is about, and what it may do: each can be left out. */
export function AppDecisionForm({
  request,
  leftAtFirst = [],
  isBusy,
  onLetIn,
  onRefuse,
}: AppDecisionFormProps) {
  const { app, words, patient } = request;
  const { data: session } = useQuery(sessionQuery);
  const { data: subjects = [] } = useQuery(subjectsQuery);
  const asks = asksOf(words);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set(leftAtFirst));
  const [chosen, setChosen] = useState<string>();
  const people = subjects.filter(isPatient);
  const [only] = people.length === 1 ? people : [];
  const subjectId = chosen ?? only?.id;
  const isChoosing = patient.kind === 'choose';
  const given = patient.kind === 'given' && subjects.find(({ id }) => id === patient.subjectId);
  const isShownForWhom = isChoosing ? subjectId !== undefined : given !== undefined;

  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const wanted = words.filter((word) => !left.has(word));
    onLetIn({ words: wanted, ...(isChoosing && subjectId !== undefined && { subjectId }) });
  }

  function toggle(own: readonly string[]): void {
    const isLeft = own.every((word) => left.has(word));
    const others = [...left].filter((word) => !own.includes(word));
    setLeft(new Set(isLeft ? others : [...others, ...own]));
  }

  return (
    <form className={`card ${classes.card}`} aria-label="Let an app in" onSubmit={onSubmit}>
      <h2>Let “{app}” in?</h2>
      <p>
        It asks to act as <b>{session?.displayName}</b>. It sees and does nothing that you may not,
        and no more than you tick.
      </p>
      {given && (
        <p className={classes.whose}>
          For <b>{nameText(given.identity)}</b>, {given.identity.recordNumber}
        </p>
      )}
      {isChoosing && <PatientChoice people={people} chosen={subjectId} onChoose={setChosen} />}
      <fieldset className={classes.asks}>
        <legend>It may</legend>
        {asks.map(({ words: own, title, detail }) => (
          <Checkbox
            key={own.join(' ')}
            label={title}
            description={detail}
            checked={!own.every((word) => left.has(word))}
            onChange={() => toggle(own)}
          />
        ))}
      </fieldset>
      {isChoosing && !isShownForWhom && <p role="status">Choose first whom it is about.</p>}
      <div className={classes.buttons}>
        <Button type="submit" loading={isBusy} disabled={!isShownForWhom}>
          Let it in
        </Button>
        <Button variant="default" disabled={isBusy} onClick={onRefuse}>
          Do not let it in
        </Button>
      </div>
    </form>
  );
}

const isPatient = ({ kind, presence }: SubjectView): boolean =>
  kind === 'patient' && presence !== 'merged';
