import type { AlarmView } from '@ausculta/contract/alarms';
import { useCallback, useState } from 'react';
import { acknowledge as sendAcknowledgement } from '../api/queries.ts';
import { refusedText } from './refused-acknowledgement.ts';

/** How long a refusal stays in the band. */
const MESSAGE_MS = 6_000;

/**
 * Acknowledging is only shown once the server says so on the live socket; until then the alarm
 * flashes on. What is shown here is only a refusal.
 */
export function useAcknowledge() {
  const [messages, setMessages] = useState<ReadonlyMap<string, string>>(new Map());
  const say = useCallback((subjectId: string, message: string | undefined) => {
    setMessages((before) => {
      const after = new Map(before);
      if (message === undefined) after.delete(subjectId);
      else after.set(subjectId, message);
      return after;
    });
  }, []);
  const acknowledge = useCallback(
    (alarm: AlarmView) => {
      sendAcknowledgement(alarm).catch((error: unknown) => {
        say(alarm.subjectId, refusedText(error));
        window.setTimeout(() => say(alarm.subjectId, undefined), MESSAGE_MS);
      });
    },
    [say],
  );
  const messageFor = useCallback((subjectId: string) => messages.get(subjectId), [messages]);
  return { acknowledge, messageFor };
}
