import { Problem } from '@ausculta/contract/problem';
import { SubjectList, type SubjectView } from '@ausculta/contract/subjects';
import { CommandProblem, EXIT } from './problem.ts';
import { findTokens } from './token.ts';

/** The running server, by HTTP, as an administrator. */
export interface ServerClient {
  /** Where it was asked, such as http://127.0.0.1:8080. */
  readonly address: string;
  get<T>(path: string, form: Form<T>): Promise<T>;
  post<T>(path: string, body: unknown, form: Form<T>): Promise<T>;
  /** Lines of an application/x-ndjson answer, as they come. */
  lines(path: string): AsyncIterable<string>;
  /** The bytes of an answer, as they come. */
  bytes(path: string): AsyncIterable<Uint8Array>;
}

/** A Zod schema of packages/contract. */
interface Form<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false };
}

type Environment = Readonly<Record<string, string | undefined>>;

/** For the answer to begin; a long list of readings may then take its time. */
const ANSWER_TIMEOUT_MS = 15_000;

export function openServerClient(environment: Environment): ServerClient {
  const base = serverUrl(environment);
  const tokens = findTokens(environment);

  async function ask(path: string, body?: unknown): Promise<Response> {
    for (const [index, token] of tokens.entries()) {
      const response = await send(path, token, body);
      // Several data directories may lie here: another's token is no reason to give up.
      if (response.status === 401 && index + 1 < tokens.length) continue;
      if (response.ok) return response;
      throw refusal(response.status, await response.text());
    }
    throw new Error('broken invariant: there is at least one token');
  }

  async function send(path: string, token: string, body: unknown): Promise<Response> {
    const isPost = body !== undefined;
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), ANSWER_TIMEOUT_MS);
    try {
      return await fetch(new URL(path, base), {
        method: isPost ? 'POST' : 'GET',
        headers: {
          authorization: `Bearer ${token}`,
          ...(isPost ? { 'content-type': 'application/json' } : {}),
        },
        ...(isPost ? { body: JSON.stringify(body) } : {}),
        signal: patience.signal,
      });
    } catch {
      throw new CommandProblem(
        EXIT.UNREACHABLE,
        `no server answers at ${base.origin}: start it with npm start or npm run demo, or set AUSCULTA_URL to its address.`,
      );
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    address: base.origin,
    get: async (path, form) => read(await ask(path), form),
    post: async (path, body, form) => read(await ask(path, body), form),
    lines: (path) => splitLines(ask(path)),
    bytes: (path) => piecesOf(ask(path)),
  };
}

function serverUrl(environment: Environment): URL {
  const port = environment.AUSCULTA_HTTP_PORT || '8080';
  const text = environment.AUSCULTA_URL || `http://127.0.0.1:${port}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new CommandProblem(
      EXIT.USAGE,
      'AUSCULTA_URL is no address: set it to one such as http://127.0.0.1:8080.',
    );
  }
  return url;
}

async function read<T>(response: Response, form: Form<T>): Promise<T> {
  const parsed = form.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new CommandProblem(
    EXIT.REFUSED,
    'the server answers in a form unknown here: use the command line of the server’s own version.',
  );
}

async function* splitLines(asked: Promise<Response>): AsyncGenerator<string> {
  const { body } = await asked;
  if (body === null) return;
  let rest = '';
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
  if (rest !== '') yield rest;
}

async function* piecesOf(asked: Promise<Response>): AsyncGenerator<Uint8Array> {
  const { body } = await asked;
  if (body !== null) yield* body;
}

function refusal(status: number, text: string): CommandProblem {
  const problem = Problem.safeParse(parseOrUndefined(text));
  if (!problem.success) {
    return new CommandProblem(
      EXIT.UNREACHABLE,
      `the answer (${status}) is not Ausculta's: check AUSCULTA_URL.`,
    );
  }
  const { fault, why, detail } = problem.data;
  if (fault === 'CREDENTIALS_REFUSED' || fault === 'NOT_PERMITTED') {
    return new CommandProblem(
      EXIT.CREDENTIALS,
      'the server does not take this token: set AUSCULTA_TOKEN to the text of admin-token in its data directory.',
    );
  }
  // What is known of this very request says more than the words for all of its kind.
  return new CommandProblem(EXIT.REFUSED, `${fault}: ${detail ?? why}`);
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Finds a subject by its id or its record number. */
export async function findSubject(client: ServerClient, wanted: string): Promise<SubjectView> {
  const { subjects } = await client.get('/api/subjects', SubjectList);
  const found = subjects.filter(
    ({ id, identity }) => id === wanted || identity.recordNumber === wanted,
  );
  const [subject] = found;
  if (subject === undefined) {
    throw new CommandProblem(
      EXIT.REFUSED,
      'no subject has this id or record number: npx ausculta subject list shows them, subject add makes one.',
    );
  }
  if (found.length > 1) {
    throw new CommandProblem(
      EXIT.REFUSED,
      'several subjects have this record number: give the id instead.',
    );
  }
  return subject;
}
