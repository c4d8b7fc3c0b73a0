/**
 * What a Subscription asks for. Whatever is not understood is refused with its element: a subscriber who
 * believes to be told, and is not, waits in vain.
 */
import type { SearchQuery } from '@ausculta/fhir/search-query';
import type { Result } from '@ausculta/vitals/fault';
import { parseSubjectId, type SubjectId } from '@ausculta/vitals/identity';
import type { Extension, Subscription } from '@medplum/fhirtypes';
import { type Answer, refuse, refuseFor } from '../fhir/answer.ts';
import type { Knowledge } from '../fhir/knowledge.ts';
import { type AlarmFilter, readAlarmFilter } from './alarm-filter.ts';
import { parseAddress } from './mail-settings.ts';
import { FILTERED_TYPE, GUIDE, type Topic, topicOf } from './topics.ts';

export const CONTENTS = ['empty', 'id-only', 'full-resource'] as const;
export type Content = (typeof CONTENTS)[number];

export interface Plan {
  readonly topic: Topic;
  /** By which filters look at a resource. */
  readonly rowsOf: Knowledge['rowsOf'];
  /** Of documents and readings: of one type, all of them must hold. */
  readonly filters: readonly DocumentFilter[];
  readonly alarms: readonly AlarmFilter[];
  readonly channel:
    | { readonly kind: 'rest-hook'; readonly endpoint: string; readonly headers: readonly string[] }
    | { readonly kind: 'email'; readonly address: string; readonly domain: string }
    | { readonly kind: 'websocket' };
  readonly content: Content;
  readonly heartbeatMs: number | undefined;
  readonly timeoutMs: number;
  readonly eventsMax: number;
  /** Undefined: for good. */
  readonly untilMs: number | undefined;
}

export interface DocumentFilter {
  readonly type: string;
  readonly query: SearchQuery;
  /** Undefined: of whoever. Beside the query for what is measured, which is asked often. */
  readonly subjectIds: ReadonlySet<SubjectId> | undefined;
}

export interface ReadPorts {
  readonly parse: (
    type: string,
    parameters: Iterable<readonly [string, string]>,
  ) => Promise<Result<SearchQuery>>;
  readonly isKept: (type: string) => boolean;
  readonly rowsOf: Knowledge['rowsOf'];
}

const TIMEOUT_MS = 10_000;
const TIMEOUT_MAX_S = 60;
const HEARTBEAT_MAX_S = 86_400;
const EVENTS_AT_ONCE = 20;
const EVENTS_AT_ONCE_MAX = 100;
const FILTERS_MAX = 20;

/** The texts of an element and of what stands beside it. */
interface Beside {
  readonly extension?: readonly Extension[];
}

export async function readPlan(
  subscription: Subscription,
  ports: ReadPorts,
): Promise<Answer<Plan>> {
  const topic = topicOf(subscription.criteria);
  if (topic === undefined)
    return no('criteria', 'There is no such topic: /metadata names those that there are.');
  const filtered = await readFilters(subscription, topic, ports);
  if (!filtered.ok) return filtered;
  const channel = readChannel(subscription);
  if (!channel.ok) return channel;
  const told = readTelling(subscription);
  if (!told.ok) return told;
  if (channel.value.kind === 'email') {
    const { content } = told.value;
    if (content === 'full-resource' || (content === 'id-only' && topic === 'overLimit'))
      return no('channel.payload', WHAT_A_MAIL_TELLS);
  }
  const untilMs = subscription.end === undefined ? undefined : Date.parse(subscription.end);
  if (Number.isNaN(untilMs)) return no('end', 'It is no instant.');
  return {
    ok: true,
    value: {
      topic,
      rowsOf: ports.rowsOf,
      ...filtered.value,
      channel: channel.value,
      ...told.value,
      untilMs,
    },
  };
}

const WHAT_A_MAIL_TELLS =
  'A mail tells nothing of a patient: its content is empty or id-only, and empty for observations over a limit, whose ids say what was measured.';

function no(at: string, text: string): ReturnType<typeof refuse> {
  return refuse(422, { code: 'invalid', text, at: `Subscription.${at}` });
}

async function readFilters(
  subscription: Subscription,
  topic: Topic,
  ports: ReadPorts,
): Promise<Answer<Pick<Plan, 'filters' | 'alarms'>>> {
  const at = 'criteria.extension';
  const given = besideOf(subscription, '_criteria');
  const unknown = given.find(({ url }) => url !== GUIDE.FILTER);
  if (unknown !== undefined) return no(at, 'An extension of the criteria is not known here.');
  const texts = given.map(({ valueString }) => valueString);
  if (texts.length > FILTERS_MAX) return no(at, `There are more than ${FILTERS_MAX} filters.`);
  const filters: DocumentFilter[] = [];
  const alarms: AlarmFilter[] = [];
  for (const text of texts) {
    const [, type, query] = /^([A-Z][A-Za-z]{1,63})(?:\?(.*))?$/s.exec(text ?? '') ?? [];
    if (type === undefined) return no(at, 'A filter is written as Type?parameter=value.');
    const expected = FILTERED_TYPE[topic] ?? filters[0]?.type ?? type;
    if (type !== expected || !ports.isKept(type))
      return no(
        at,
        `A filter of this topic is about ${FILTERED_TYPE[topic] ?? 'one type of resource that is kept here'}.`,
      );
    const parameters = new URLSearchParams(query ?? '');
    if (topic === 'alarm') {
      const filter = readAlarmFilter(parameters);
      if (filter === undefined)
        return no(at, 'An alarm is filtered by patient, priority (low, medium, high) and metric.');
      alarms.push(filter);
      continue;
    }
    const filter = await readFilter(type, parameters, ports);
    if (!filter.ok) return filter;
    filters.push(filter.value);
  }
  if (topic === 'task' && filters.length === 0) {
    const whole = await readFilter('Task', new URLSearchParams(), ports);
    if (!whole.ok) return whole;
    filters.push(whole.value);
  }
  if (topic === 'written' && filters.length === 0)
    return no(at, 'A filter of this topic says of which type, such as Condition.');
  if (topic === 'overLimit' && !hasLimit(filters))
    return no(
      at,
      'Filters of this topic name a code and a limit, such as Observation?code=8867-4&value-quantity=gt120.',
    );
  if (topic === 'overLimit' && !filters.every(({ query }) => query.filters.every(isOfReadings)))
    return no(
      at,
      'Filters of this topic are of code, category and value-quantity, without modifiers, and of patient or subject by id.',
    );
  return { ok: true, value: { filters, alarms } };
}

async function readFilter(
  type: string,
  parameters: URLSearchParams,
  ports: ReadPorts,
): Promise<Answer<DocumentFilter>> {
  const query = await ports.parse(type, parameters);
  if (!query.ok) {
    const { refusal } = refuseFor(query.fault);
    const at = { expression: ['Subscription.criteria.extension'] };
    return {
      ok: false,
      refusal: { status: 422, issues: refusal.issues.map((issue) => ({ ...issue, ...at })) },
    };
  }
  const { filters } = query.value;
  if (filters.some(({ kind }) => kind === 'chain' || kind === 'has'))
    return no('criteria.extension', 'A filter looks at one resource: it has no chain.');
  const patients = filters.filter(isOfPatient);
  const named = patients.map((filter) => new Set(subjectsIn(filter)));
  const [first] = named;
  const subjectIds = first && new Set([...first].filter((id) => named.every((ids) => ids.has(id))));
  return { ok: true, value: { type, query: query.value, subjectIds } };
}

type Filter = SearchQuery['filters'][number];

export function isOfPatient(filter: Filter): boolean {
  if (filter.kind !== 'value' || filter.isNot) return false;
  return filter.parameter === 'patient' || filter.parameter === 'subject';
}

function subjectsIn(filter: Filter): SubjectId[] {
  if (filter.kind !== 'value') return [];
  return filter.comparisons.flatMap((one) => {
    if (one.kind !== 'reference' || (one.type !== undefined && one.type !== 'Patient')) return [];
    return parseSubjectId(one.id ?? '') ?? [];
  });
}

function hasLimit(filters: readonly DocumentFilter[]): boolean {
  const all = filters.flatMap(({ query }) => query.filters);
  const isLimit = (filter: Filter): boolean =>
    filter.kind === 'value' &&
    filter.parameter === 'value-quantity' &&
    filter.comparisons.every((one) => one.kind === 'quantity' && one.test.bounds.length === 1);
  return all.some(isLimit) && all.some((one) => one.kind === 'value' && one.parameter === 'code');
}

/** What is known of a reading when it comes in. */
function isOfReadings(filter: Filter): boolean {
  if (filter.kind !== 'value' || filter.isNot) return false;
  const { parameter, comparisons } = filter;
  if (isOfPatient(filter)) return subjectsIn(filter).length === comparisons.length;
  const kind = { code: 'token', category: 'token', 'value-quantity': 'quantity' }[parameter];
  return kind !== undefined && comparisons.every((one) => one.kind === kind);
}

/** The guide's extensions of `channel.payload` and others stand beside them, under an underscore. */
function besideOf(element: object, name: string): readonly Extension[] {
  const beside = (element as Readonly<Record<string, Beside | undefined>>)[name];
  return beside?.extension ?? [];
}

function readChannel({ channel }: Subscription): Answer<Plan['channel']> {
  const { type, endpoint, header = [] } = channel;
  if (type === 'websocket') {
    if (endpoint !== undefined || header.length > 0)
      return no(
        'channel.endpoint',
        'A WebSocket has neither endpoint nor headers: it is bound by a token.',
      );
    return { ok: true, value: { kind: 'websocket' } };
  }
  if (type === 'email') return readAddress(endpoint, header);
  if (type !== 'rest-hook')
    return no('channel.type', 'The channels here are rest-hook, email and websocket.');
  if (endpoint === undefined) return no('channel.endpoint', 'A rest-hook has an endpoint.');
  return { ok: true, value: { kind: 'rest-hook', endpoint, headers: header } };
}

function readAddress(
  endpoint: string | undefined,
  header: readonly string[],
): Answer<Plan['channel']> {
  const address = /^mailto:(.+)$/i.exec(endpoint ?? '')?.[1] ?? '';
  const parsed = parseAddress(address);
  if (parsed === undefined || header.length > 0)
    return no(
      'channel.endpoint',
      'A mail goes to mailto:name@domain, one address, without headers.',
    );
  return { ok: true, value: { kind: 'email', address, domain: parsed.domain } };
}

type Telling = Pick<Plan, 'content' | 'heartbeatMs' | 'timeoutMs' | 'eventsMax'>;

function readTelling({ channel }: Subscription): Answer<Telling> {
  const { payload, extension = [] } = channel;
  if (payload !== undefined && !/^application\/(fhir\+)?json$/.test(payload))
    return no('channel.payload', 'Notifications are in JSON: application/fhir+json.');
  const contents = besideOf(channel, '_payload').filter(({ url }) => url === GUIDE.CONTENT);
  const content = contents.length === 0 ? 'empty' : contents[0]?.valueCode;
  if (!isContent(content))
    return no('channel.payload', `The content is one of ${CONTENTS.join(', ')}.`);
  const known: string[] = [GUIDE.HEARTBEAT, GUIDE.TIMEOUT, GUIDE.MAX_COUNT];
  if (extension.some(({ url }) => !known.includes(url)))
    return no('channel.extension', 'An extension of the channel is not known here.');
  const given = (url: string): number | undefined => {
    const one = extension.find((candidate) => candidate.url === url);
    return one && (one.valueUnsignedInt ?? one.valuePositiveInt ?? Number.NaN);
  };
  const heartbeatS = given(GUIDE.HEARTBEAT);
  const timeoutS = given(GUIDE.TIMEOUT) ?? TIMEOUT_MS / 1000;
  const eventsMax = given(GUIDE.MAX_COUNT) ?? EVENTS_AT_ONCE;
  const isWithin =
    isFrom1To(HEARTBEAT_MAX_S, heartbeatS ?? 1) &&
    isFrom1To(TIMEOUT_MAX_S, timeoutS) &&
    isFrom1To(EVENTS_AT_ONCE_MAX, eventsMax);
  if (!isWithin) {
    const text = `A heartbeat is 1 to ${HEARTBEAT_MAX_S} s, a timeout 1 to ${TIMEOUT_MAX_S} s, a count 1 to ${EVENTS_AT_ONCE_MAX}.`;
    return no('channel.extension', text);
  }
  const heartbeatMs = heartbeatS === undefined ? undefined : heartbeatS * 1000;
  return { ok: true, value: { content, heartbeatMs, timeoutMs: timeoutS * 1000, eventsMax } };
}

function isContent(text: string | undefined): text is Content {
  return (CONTENTS as readonly (string | undefined)[]).includes(text);
}

function isFrom1To(max: number, value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= max;
}
