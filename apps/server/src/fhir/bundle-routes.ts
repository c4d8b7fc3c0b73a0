/** Bundles at the base: a transaction is done as a whole or not at all, a batch entry by entry. */
import type { Bundle, BundleEntry } from '@medplum/fhirtypes';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { noteRead } from '../audit/noted-reads.ts';
import { callerOf } from '../people/access.ts';
import { makerOf } from '../people/makers.ts';
import { FHIR_JSON } from '../people/problem.ts';
import type { Caller } from '../people/sign-in.ts';
import type { Act, Asker, Done } from './acts.ts';
import { isKept, mayDo } from './allowed.ts';
import { type Answer, outcomeOf, type Refusal, refuse } from './answer.ts';
import { actOf, type EntryAct } from './bundle-acts.ts';
import { baseOf, bundleText, prefers, sendRefusal } from './http-answer.ts';
import { readIncoming } from './incoming.ts';
import { fhirKnowledge } from './knowledge.ts';
import { ANSWER_BYTES_MAX, ByteBudget } from './page-budget.ts';
import type { PostedReadings } from './posted-readings.ts';
import { FHIR_ROUTE } from './route-kind.ts';
import { type SearchPorts, searchAnswer } from './search-answer.ts';
import type { SearchAsked } from './search-asked.ts';
import { withCursor } from './search-routes.ts';

/** What a Bundle may hold: a transaction of them is one answer, and devices are served meanwhile. */
const ENTRIES_MAX = 5_000;
const BUNDLE_BYTES_MAX = 16 * 2 ** 20;

interface EntryAnswer {
  readonly text: string | undefined;
  readonly response: object;
}

export interface BundlePorts extends SearchPorts {
  readonly posted: Pick<PostedReadings, 'take'>;
}

interface Asking extends BundlePorts {
  readonly caller: Caller;
  readonly baseUrl: string;
  readonly isMinimal: boolean;
  readonly note: SearchAsked['note'];
  /** For the answers of all entries together. */
  readonly budget: ByteBudget;
}

export function bundleRoutes(app: FastifyInstance, ports: BundlePorts): void {
  const route = { ...FHIR_ROUTE, bodyLimit: BUNDLE_BYTES_MAX };
  app.post('/', route, async (request, reply) => {
    const caller = callerOf(request);
    const isMinimal = prefers(request, 'return=minimal');
    const budget = new ByteBudget(ANSWER_BYTES_MAX);
    const note = (subjects: readonly string[]) => noteRead(request, subjects);
    const asking = { ...ports, caller, baseUrl: baseOf(request), isMinimal, note, budget };
    return await answerBundle(asking, request, reply);
  });
}

async function answerBundle(
  asking: Asking,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const given = readIncoming(String(request.body ?? ''));
  if (!given.ok) return await sendRefusal(reply, given.refusal);
  const bundle = given.value.resource as Bundle;
  const entries = bundle.entry ?? [];
  const isKnownType = bundle.type === 'transaction' || bundle.type === 'batch';
  if (bundle.resourceType !== 'Bundle' || !isKnownType || !Array.isArray(entries)) {
    const text = 'What is sent here is a Bundle of type transaction or batch.';
    return await sendRefusal(reply, refuse(400, { code: 'invalid', text, at: 'Bundle' }).refusal);
  }
  if (entries.length > ENTRIES_MAX) {
    const text = `A Bundle has ${ENTRIES_MAX} entries at most.`;
    return await sendRefusal(
      reply,
      refuse(413, { code: 'too-costly', text, at: 'Bundle.entry' }).refusal,
    );
  }
  const isWhole = bundle.type === 'transaction';
  const { resourceTypes } = (await fhirKnowledge()).definitions;
  const acts = entries.map((entry, at) =>
    allowedAct({ entry, at, hasPrecise: given.value.hasPrecise }, resourceTypes),
  );
  const answered = isWhole ? await transaction(asking, acts) : await batch(asking, acts);
  if (!answered.ok) return await sendRefusal(reply, answered.refusal);
  const told = answered.value.map(({ text, response }) => ({ text, beside: { response } }));
  return await reply.type(FHIR_JSON).send(bundleText({ type: `${bundle.type}-response` }, told));
}

function allowedAct(
  { entry, at, hasPrecise }: { entry: BundleEntry; at: number; hasPrecise: boolean },
  resourceTypes: ReadonlySet<string>,
): Answer<EntryAct> {
  const act = actOf(entry ?? {}, at, hasPrecise);
  if (!act.ok || act.value.kind === 'get') return act;
  const path = `Bundle.entry[${at}]`;
  if (!isKept(act.value.type, resourceTypes)) {
    const text = 'There are no documents of this type here.';
    return refuse(400, { code: 'not-supported', text, at: `${path}.request.url` });
  }
  const allowed = mayDo([act.value]);
  return allowed.ok ? act : within(`${path}.resource`, allowed.refusal);
}

/** The element is one of the Bundle's. */
function within(path: string, refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  const issues = refusal.issues.map((issue) => ({
    ...issue,
    expression: (issue.expression ?? ['']).map((at) => (at === '' ? path : `${path}.${at}`)),
  }));
  return { ok: false, refusal: { ...refusal, issues } };
}

const askerOf = ({ caller, baseUrl }: Asking): Asker => ({
  actor: caller.accountId,
  baseUrl,
  maker: makerOf(caller),
});

async function transaction(
  asking: Asking,
  entries: readonly Answer<EntryAct>[],
): Promise<Answer<EntryAnswer[]>> {
  const acts: { readonly act: Act; readonly at: number }[] = [];
  for (const [at, entry] of entries.entries()) {
    if (!entry.ok) return entry;
    if (entry.value.kind !== 'get') acts.push({ act: entry.value, at });
  }
  const performed = await asking.repository.perform(
    asking.caller.organisationId,
    acts.map(({ act }) => act),
    askerOf(asking),
  );
  if (!performed.ok) {
    const entry = acts[performed.refusal.act ?? -1];
    return entry === undefined
      ? performed
      : within(`Bundle.entry[${entry.at}].resource`, performed.refusal);
  }
  const answers: EntryAnswer[] = [];
  for (const [index, { at }] of acts.entries())
    answers[at] = doneAnswer(asking, performed.value[index] as Done);
  // Whoever reads in a transaction reads what it has made.
  for (const [at, entry] of entries.entries()) {
    if (entry.ok && entry.value.kind === 'get')
      answers[at] = await getAnswer(asking, entry.value.url);
  }
  return { ok: true, value: answers };
}

async function batch(
  asking: Asking,
  entries: readonly Answer<EntryAct>[],
): Promise<Answer<EntryAnswer[]>> {
  const answers: EntryAnswer[] = [];
  for (const entry of entries) answers.push(await batchAnswer(asking, entry));
  return { ok: true, value: answers };
}

async function batchAnswer(asking: Asking, entry: Answer<EntryAct>): Promise<EntryAnswer> {
  if (!entry.ok) return refusedAnswer(entry.refusal);
  if (entry.value.kind === 'get') return await getAnswer(asking, entry.value.url);
  const { organisationId } = asking.caller;
  const by = askerOf(asking);
  const reading = await asking.posted.take(asking.caller, entry.value);
  if (reading !== undefined)
    return reading.ok ? doneAnswer(asking, reading.value) : refusedAnswer(reading.refusal);
  const performed = await asking.repository.perform(organisationId, [entry.value], by);
  return performed.ok
    ? doneAnswer(asking, performed.value[0] as Done)
    : refusedAnswer(performed.refusal);
}

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  200: '200 OK',
  201: '201 Created',
  204: '204 No Content',
};

/** What was done is told in any case: where there is no more room, without the resource. */
function doneAnswer({ isMinimal, budget }: Asking, { status, document }: Done): EntryAnswer {
  const text = isMinimal || budget.isSpent ? undefined : document?.text;
  budget.spend(text);
  if (document === undefined) return { text, response: { status: STATUS_TEXTS[status] } };
  const { type, id, versionId, updatedMs } = document;
  const response = {
    status: STATUS_TEXTS[status],
    location: `${type}/${id}/_history/${versionId}`,
    etag: `W/"${versionId}"`,
    ...(updatedMs !== undefined && { lastModified: new Date(updatedMs).toISOString() }),
  };
  return { text, response };
}

function refusedAnswer({ status, issues }: Refusal): EntryAnswer {
  return { text: undefined, response: { status: String(status), outcome: outcomeOf(issues) } };
}

const READ = /^\/?([A-Z][A-Za-z]{1,63})\/([A-Za-z0-9.-]{1,64})$/;
const SEARCH = /^\/?([A-Z][A-Za-z]{1,63})?(?:\?(.*))?$/;

async function getAnswer(asking: Asking, url: string): Promise<EntryAnswer> {
  if (asking.budget.isSpent) return refusedAnswer(NO_ROOM.refusal);
  const answer = await readAnswer(asking, url);
  asking.budget.spend(answer.text);
  return answer;
}

const NO_ROOM = refuse(413, {
  code: 'too-costly',
  text: 'The answers before this one fill the Bundle. Ask for this one by itself.',
});

async function readAnswer(asking: Asking, url: string): Promise<EntryAnswer> {
  const { repository, caller, baseUrl } = asking;
  const { organisationId } = caller;
  const [, type, id] = READ.exec(url) ?? [];
  if (type !== undefined && id !== undefined) {
    const read = await repository.read(organisationId, { type, id });
    if (!read.ok) return refusedAnswer(read.refusal);
    asking.note(read.value.subjectIds);
    const response = { status: '200 OK', etag: `W/"${read.value.versionId}"` };
    return { text: read.value.text, response };
  }
  const [whole, searched, query = ''] = SEARCH.exec(url) ?? [];
  if (whole === undefined) {
    const text = 'The address is no [type]/[id] and no search.';
    return refusedAnswer(refuse(400, { code: 'not-supported', text }).refusal);
  }
  const place = { organisationId, type: searched };
  const parameters = [...new URLSearchParams(query)];
  const answered = await searchAnswer(asking, {
    ...{ ...place, parameters, baseUrl, isStrict: false, note: asking.note },
    selfUrl: `${baseUrl}/${url.replace(/^\//, '')}`,
    // The entry stood in a body: no address has told of it yet.
    nextUrl: (cursor) => {
      const hidden = asking.questions.hide(place, { parameters, cursor });
      return withCursor(searched === undefined ? baseUrl : `${baseUrl}/${searched}`, hidden);
    },
  });
  if (!answered.ok) return refusedAnswer(answered.refusal);
  return { text: answered.value, response: { status: '200 OK' } };
}
