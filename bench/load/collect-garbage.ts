// Asks a Node process to collect its garbage, through the inspector that SIGUSR1 opens in it: what it
// has in memory afterwards is what it needs, and not what it has not yet thrown away.
import { setTimeout as pause } from 'node:timers/promises';

const OPEN_WITHIN_MS = 10_000;
/** Pages that are free now go back to the system a little later. */
const GIVEN_BACK_MS = 1_000;

/** `port` is the one the process was started with, by --inspect-port. */
export async function collectGarbage({ pid, port }: { pid: number; port: number }): Promise<void> {
  process.kill(pid, 'SIGUSR1');
  const socket = new WebSocket(await inspectorUrl(port));
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () =>
      socket.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' })),
    );
    socket.addEventListener('message', () => resolve());
    socket.addEventListener('error', () => reject(new Error('the inspector does not answer')));
  });
  socket.close();
  await pause(GIVEN_BACK_MS);
}

async function inspectorUrl(port: number): Promise<string> {
  const untilMs = performance.now() + OPEN_WITHIN_MS;
  for (;;) {
    try {
      const targets = await fetch(`http://127.0.0.1:${port}/json/list`);
      const [target] = (await targets.json()) as { webSocketDebuggerUrl: string }[];
      if (target !== undefined) return target.webSocketDebuggerUrl;
    } catch (error) {
      if (performance.now() > untilMs) throw error;
    }
    await pause(50);
  }
}
