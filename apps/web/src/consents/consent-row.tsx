import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import classes from '../access/access-page.module.css';
import { type Consent, consentsQuery, sinceOf, withdrawConsent } from '../api/consent-queries.ts';
import { ProblemNote } from '../frame/problem-note.tsx';
import { useAct } from '../frame/use-act.ts';
import { momentWords } from '../patient/time-words.ts';
import { Icon } from '../theme/icon.tsx';
import type { ConsentRead } from './consent-words.ts';

interface ConsentRowProps {
  readonly subjectId: string;
  readonly consent: Consent;
  readonly read: ConsentRead;
  readonly mayWithdraw: boolean;
}

const STATE_WORDS: Readonly<Record<ConsentRead['state'], string>> = {
  'in-force': 'In force',
  ended: 'Withdrawn or never given',
  unreadable: 'Cannot be read here',
  'not-ours': 'Decides nothing here',
};

export function ConsentRow({ subjectId, consent, read, mayWithdraw }: ConsentRowProps) {
  const client = useQueryClient();
  const act = useAct();
  const [isAsking, setAsking] = useState(false);
  const isHolding = read.state === 'in-force' || read.state === 'unreadable';
  const since = Date.parse(sinceOf(consent));
  const withdraw = () =>
    void act
      .run(async () => {
        await withdrawConsent(consent);
        await client.invalidateQueries({ queryKey: consentsQuery(subjectId).queryKey });
      })
      .then(() => setAsking(false));
  return (
    <li data-testid="consent" data-state={read.state}>
      <div>
        {read.state === 'unreadable' && <Icon name="triangle-alert" size={16} />}
        {read.sentences.map((sentence) => (
          <div key={sentence}>{isHolding ? <b>{sentence}</b> : <s>{sentence}</s>}</div>
        ))}
        <small>
          {STATE_WORDS[read.state]}
          {!Number.isNaN(since) && `, since ${momentWords(since)}`}
        </small>
        <ProblemNote problem={act.problem} />
      </div>
      {mayWithdraw && isHolding && !isAsking && (
        <Button variant="default" onClick={() => setAsking(true)}>
          Withdraw<span className="visually-hidden"> {read.sentences[0]}</span>
        </Button>
      )}
      {isAsking && (
        <div className={`${classes.told} ${classes.wide}`}>
          <p>What it keeps back is open again, at once and to whoever treats this patient.</p>
          <div className={classes.buttons}>
            <Button loading={act.isBusy} onClick={withdraw}>
              Withdraw it now
            </Button>
            <Button variant="default" onClick={() => setAsking(false)}>
              Leave it in force
            </Button>
          </div>
        </div>
      )}
    </li>
  );
}
