// A thread of its own that tries passwords, each attempt from another address and at another account, at a
// set rate and whatever the answers are. Counts the answers by their status.
import { Agent, request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

export interface Flood {
  readonly port: number;
  readonly perSecond: number;
}

/** So often some are sent, so that they come evenly. */
const EVERY_MS = 10;
/** Real attackers have as many connections as they like. */
const CONNECTIONS = 256;

const { port, perSecond } = workerData as Flood;
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const answers: Record<string, number> = {};
let sent = 0;
let answered = 0;
const startMs = performance.now();

const timer = setInterval(() => {
  const due = ((performance.now() - startMs) / 1000) * perSecond;
  while (sent < due) attempt(sent++);
}, EVERY_MS);

parentPort?.once('message', () => {
  clearInterval(timer);
  const seconds = (performance.now() - startMs) / 1000;
  parentPort?.postMessage({ sent, answered, answers, seconds });
  agent.destroy();
});

function attempt(number: number): void {
  const from = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
  const body = JSON.stringify({
    loginName: `nurse-${number % 5000}`,
    password: 'a wrong password',
  });
  const headers = { 'content-type': 'application/json', 'x-forwarded-for': from };
  const asked = request(
    { host: '127.0.0.1', port, agent, method: 'POST', path: '/api/session', headers },
    (response) => {
      answered += 1;
      const status = String(response.statusCode);
      answers[status] = (answers[status] ?? 0) + 1;
      response.resume();
    },
  );
  // Cut off at the end: it was sent all the same.
  asked.on('error', () => undefined);
  asked.end(body);
}
