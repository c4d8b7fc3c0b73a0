import type { Session } from '@ausculta/contract/session';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { lockSession } from '../api/account-queries.ts';
import { sessionQuery } from '../api/queries.ts';

const SIGNS_OF_LIFE = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const;
const LOOK_EVERY_MS = 1_000;
/** Other windows of this browser are the same person at the same screen. */
const CHANNEL = 'ausculta-in-use';

/** Locks the session when nobody has used any window of it for as long as the server says. */
export function useIdleLock(session: Session | null | undefined): void {
  const queryClient = useQueryClient();
  const limitMs = (session?.idleLockSeconds ?? 0) * 1_000;
  const isWatched = limitMs > 0 && session?.isLocked === false;
  useEffect(() => {
    if (!isWatched) return;
    const channel = new BroadcastChannel(CHANNEL);
    let usedMs = Date.now();
    let toldMs = 0;
    let isLocking = false;
    const onUse = (): void => {
      usedMs = Date.now();
      if (usedMs - toldMs < LOOK_EVERY_MS) return;
      toldMs = usedMs;
      channel.postMessage('in use');
    };
    channel.onmessage = () => {
      usedMs = Date.now();
    };
    for (const sign of SIGNS_OF_LIFE) window.addEventListener(sign, onUse, { passive: true });
    const timer = setInterval(() => {
      if (isLocking || Date.now() - usedMs < limitMs) return;
      isLocking = true;
      // While the server does not answer the screen stays as it is: it is asked again.
      lockSession()
        .then(() => {
          queryClient.setQueryData(sessionQuery.queryKey, (before) =>
            before ? { ...before, isLocked: true } : before,
          );
        })
        .catch(() => undefined)
        .finally(() => {
          isLocking = false;
        });
    }, LOOK_EVERY_MS);
    return () => {
      clearInterval(timer);
      channel.close();
      for (const sign of SIGNS_OF_LIFE) window.removeEventListener(sign, onUse);
    };
  }, [isWatched, limitMs, queryClient]);
}
