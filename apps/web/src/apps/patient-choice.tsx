import type { SubjectView } from '@ausculta/contract/subjects';
import { Radio, TextInput } from '@mantine/core';
import { useState } from 'react';
import { nameText } from '../vitals/identity-text.ts';
import classes from './app-decision.module.css';

/** More are found by typing: a ward fits, a hospital does not. */
const SHOWN_MAX = 8;

interface PatientChoiceProps {
  readonly people: readonly SubjectView[];
  readonly chosen: string | undefined;
  readonly onChoose: (id: string) => void;
}

/** By two identifiers, as everywhere. */
export function PatientChoice({ people, chosen, onChoose }: PatientChoiceProps) {
  const [text, setText] = useState('');
  const found = people.filter(({ identity }) => {
    const whole = `${nameText(identity)} ${identity.recordNumber}`.toLowerCase();
    return whole.includes(text.trim().toLowerCase());
  });
  return (
    <fieldset className={classes.asks}>
      <legend>About whom</legend>
      {people.length > SHOWN_MAX && (
        <TextInput
          label="Name or record number"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      )}
      {people.length === 0 && <p>There is nobody whom you may see.</p>}
      {found.slice(0, SHOWN_MAX).map(({ id, identity }) => (
        <Radio
          key={id}
          name="subject"
          value={id}
          label={nameText(identity)}
          description={[identity.recordNumber, identity.birthDate].filter(Boolean).join(', ')}
          checked={id === chosen}
          onChange={() => onChoose(id)}
        />
      ))}
      {found.length > SHOWN_MAX && <p>{found.length - SHOWN_MAX} more: type to find them.</p>}
    </fieldset>
  );
}
