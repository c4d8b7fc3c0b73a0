import { useQueryClient } from '@tanstack/react-query';
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useState,
  useSyncExternalStore,
} from 'react';
import { forgetSession, lookForNewSubjects, sessionQuery } from '../api/queries.ts';
import { decodeLiveBlock } from './block-decoding.ts';
import { LiveConnection, type LiveState } from './live-connection.ts';
import type { SubjectLive } from './live-store.ts';

const Context = createContext<LiveConnection | undefined>(undefined);

function liveUrl(): string {
  const url = new URL('/api/live', window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

/** One socket for the whole workspace, for as long as somebody is signed in. */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const queryClient = useQueryClient();
  const [connection, setConnection] = useState<LiveConnection>();
  useEffect(() => {
    const opened = new LiveConnection({
      url: liveUrl,
      nowMs: () => performance.now(),
      lot: () => Math.random(),
      decodeBlock: decodeLiveBlock,
      onRefused: () => void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey }),
      onElsewhere: (subjects) => void lookForNewSubjects(queryClient, subjects),
      onSignedOut: () => forgetSession(queryClient),
    });
    opened.start();
    setConnection(opened);
    return () => opened.stop();
  }, [queryClient]);
  if (connection === undefined) return null;
  return <Context value={connection}>{children}</Context>;
}

export function useLive(): LiveConnection {
  const connection = useContext(Context);
  if (connection === undefined)
    throw new Error('broken invariant: a live screen is inside LiveProvider');
  return connection;
}

/** Renders again when anything of this subject changed. */
export function useSubjectLive(id: string): SubjectLive {
  const live = useLive();
  useSyncExternalStore(
    (listener) => live.subscribeSubject(id, listener),
    () => `${live.subject(id).version} ${live.state}`,
  );
  return live.subject(id);
}

/** Renders again when any alarm, number or the connection changed. */
export function useLiveVersion(): LiveConnection {
  const live = useLive();
  useSyncExternalStore(
    (listener) => live.subscribe(listener),
    () => live.version,
  );
  return live;
}

export function useLiveState(): LiveState {
  const live = useLive();
  return useSyncExternalStore(
    (listener) => live.subscribe(listener),
    () => live.state,
  );
}

/** The server's time, told again every `everyMs`; the browser's own before the first frame. */
export function useNow(everyMs: number): number {
  const live = useLive();
  const [nowMs, setNowMs] = useState(() => live.serverNowMs() ?? Date.now());
  useEffect(() => {
    const tick = () => setNowMs(live.serverNowMs() ?? Date.now());
    const timer = window.setInterval(tick, everyMs);
    return () => window.clearInterval(timer);
  }, [live, everyMs]);
  return nowMs;
}
