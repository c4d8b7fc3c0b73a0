/**
 * What the acts of one transaction ask by a search before they are done (If-None-Exist, a PUT or DELETE
 * by a condition, a reference by one). One question has one answer in it: what the first to ask makes,
 * because nothing is there, is what the second finds.
 */
import type { Result } from '@ausculta/vitals/fault';
import type { Transaction } from '../database/pool.ts';
import { viewing } from '../database/viewing.ts';
import { type Answer, BEYOND_SCOPES, refuse, refuseFor } from './answer.ts';
import type { DocumentName, FhirDocument } from './document.ts';
import type { SearchPage } from './search.ts';
import type { Hash } from './search-hash.ts';
import { lockQuestions } from './store.ts';

export interface Question {
  readonly type: string;
  readonly query: string;
}

/** By an act of this transaction, which is named by its place. */
export interface Made {
  readonly name: DocumentName;
  readonly act: number;
}

export interface Answered {
  readonly document: FhirDocument | undefined;
  readonly made: Made | undefined;
}

export interface QuestionPorts {
  readonly hash: Hash;
  /** Two at most: whether there is one, and one only. */
  readonly find: (
    type: string,
    parameters: Iterable<readonly [string, string]>,
  ) => Promise<Result<SearchPage>>;
}

/** Each is a search by itself, and whoever writes waits for it. */
const QUESTIONS_MAX = 1_000;
/** Each that is held takes room in the database: so many are enough that two seldom meet. */
const LOCKS = 1_024;
const ROOMS = 2 ** 31;

export class Questions {
  readonly #ports: QuestionPorts;
  readonly #tx: Transaction;
  readonly #answers = new Map<string, Answered>();

  constructor(tx: Transaction, ports: QuestionPorts) {
    this.#tx = tx;
    this.#ports = ports;
  }

  /**
   * Nobody else asks one of these until the transaction ends. All at once and in one order: two who ask
   * the same in another order would wait for each other.
   */
  async hold(questions: readonly Question[]): Promise<Answer<undefined>> {
    const keys = new Set(questions.map(keyOf));
    if (keys.size > QUESTIONS_MAX) return TOO_MANY;
    const { hash } = this.#ports;
    const locks = new Set([...keys].map((key) => hash(`question ${key}`) % LOCKS));
    const room = hash('questions') % ROOMS;
    if (locks.size > 0)
      await lockQuestions(
        this.#tx,
        room,
        [...locks].sort((a, b) => a - b),
      );
    return { ok: true, value: undefined };
  }

  /** The one resource that is meant; more than one is a refusal. */
  async findOne(question: Question): Promise<Answer<Answered>> {
    const key = keyOf(question);
    const known = this.#answers.get(key);
    if (known !== undefined) return { ok: true, value: known };
    const parameters = [...new URLSearchParams(question.query)];
    if (parameters.length === 0) return NO_CONDITION;
    const names = parameters.map(([name]) => name);
    if (viewing()?.scopes?.maySearch(question.type, names) === false) return BEYOND_SCOPES;
    const page = await this.#ports.find(question.type, parameters);
    if (!page.ok) return refuseFor(page.fault);
    const [document, second] = page.value.matches;
    if (second !== undefined) return MORE_THAN_ONE;
    const answered = { document, made: undefined };
    this.#answers.set(key, answered);
    return { ok: true, value: answered };
  }

  /** Because nothing was found. */
  note(question: Question, made: Made): void {
    this.#answers.set(keyOf(question), { document: undefined, made });
  }
}

/** The same in whatever order its parameters are written. */
function keyOf({ type, query }: Question): string {
  const parameters = new URLSearchParams(query);
  parameters.sort();
  return `${type}?${parameters}`;
}

const TOO_MANY = refuse(413, {
  code: 'too-costly',
  text: `A transaction asks ${QUESTIONS_MAX} conditions at most.`,
});
const NO_CONDITION = refuse(412, {
  code: 'required',
  text: 'The condition names no search parameter.',
});
const MORE_THAN_ONE = refuse(412, {
  code: 'multiple-matches',
  text: 'More than one resource passes the condition.',
});
