/**
 * Observations are of two kinds: documents, and readings that are told as Observations. A search that
 * asks of one patient by code, category and date is answered from both, as one list in the order of
 * their time. Any other is answered from documents alone, and says so.
 */

import type { LinksOf } from '@ausculta/fhir/observation';
import {
  type ObservationQuery,
  type PageStart,
  parseObservationQuery,
} from '@ausculta/fhir/observation-query';
import type { ToldObservation } from '@ausculta/fhir/observation-text';
import { referenceHere } from '@ausculta/fhir/reference';
import type { SearchQuery } from '@ausculta/fhir/search-query';
import { fail, ok, type Result } from '@ausculta/vitals/fault';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { OperationOutcomeIssue } from '@medplum/fhirtypes';
import { viewing } from '../database/viewing.ts';
import type { Registry } from '../devices/registry.ts';
import { subjectOf } from '../devices/routes.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { IndexState } from './index-state.ts';
import { type Newest, NewestDocuments } from './newest-documents.ts';
import { documentOfReading, isPageStart, pageAfter, readingsPage } from './reading-pages.ts';
import type { Repository } from './repository.ts';
import { includedIn, type SearchPage } from './search.ts';
import type { SearchAsked } from './search-asked.ts';
import { cursorText } from './search-cursor.ts';
import type { FoundDocument } from './search-session.ts';

export interface ObservationPorts {
  readonly repository: Repository;
  readonly index: Pick<IndexState, 'missingFrom'>;
  readonly telemetry: Telemetry;
  readonly linksOf: LinksOf;
  readonly registry: Registry;
}

type AskedOfObservations = Pick<SearchAsked, 'organisationId' | 'parameters' | 'baseUrl'>;

export type ObservationPage = SearchPage & { readonly issues: readonly OperationOutcomeIssue[] };

/** Of the answer, not of what is asked. */
const ABOUT_THE_ANSWER =
  /^_(cursor|total|elements|summary|format|pretty|contained|include(:\w+)?|revinclude(:\w+)?)$/;

export class ObservationSearch {
  readonly #ports: ObservationPorts;
  readonly #newest = new NewestDocuments();

  constructor(ports: ObservationPorts) {
    this.#ports = ports;
  }

  async search(asked: AskedOfObservations, query: SearchQuery): Promise<Result<ObservationPage>> {
    const readings = this.#readingsQuery(asked, query);
    if (readings === undefined) {
      const page = await this.#ports.repository.search(asked.organisationId, query);
      return page.ok ? ok({ ...page.value, issues: [WITHOUT_READINGS] }) : page;
    }
    if (query.summary === 'count' || query.total === 'accurate') {
      return fail('QUERY_INVALID', '_total: readings are not counted; ask for /api/subjects/…');
    }
    if (query.count === 0) return ok({ ...NOTHING, issues: [] });
    const starts = startsOf(query.cursor);
    if (starts === undefined) return fail('QUERY_INVALID', '_cursor is of a next link');
    return await this.#merged(asked, { query, readings, starts });
  }

  #readingsQuery(
    { organisationId, parameters, baseUrl }: AskedOfObservations,
    query: SearchQuery,
  ): ReadingsAsked | undefined {
    const own = parameters
      .filter(([name]) => !ABOUT_THE_ANSWER.test(name) && !query.ignored.includes(name))
      .map(([name, value]) => [name, referenceHere(value, baseUrl) ?? value] as const);
    const parsed = parseObservationQuery(own, { isLenient: false });
    if (!parsed.ok) return undefined;
    const { registry, repository } = this.#ports;
    const subject = subjectOf(registry, organisationId, parsed.value.subjectId);
    const behind = repository.behind(parsed.value.subjectId);
    const question = JSON.stringify([organisationId, own, behind]);
    return { query: parsed.value, isKnown: subject !== undefined, question };
  }

  async #merged(
    { organisationId }: AskedOfObservations,
    { query, readings, starts }: Merging,
  ): Promise<Result<ObservationPage>> {
    const { newestFirst, subjectId } = readings.query;
    const { readings: start } = starts;
    const page =
      start === null || !readings.isKnown
        ? { resources: [], next: undefined, isUnreadable: false }
        : await readingsPage({ ...readings.query, count: query.count, page: start }, this.#ports);
    const newer = page.resources.length < query.count ? undefined : page.resources.at(-1);
    const stored = await this.#documents(
      organisationId,
      { query, readings, starts },
      newer?.timeMs,
    );
    if (!stored.ok) return stored;
    const { matches, next: behind } = stored.value;
    const isShort = behind !== undefined && matches.length > 0;
    const order = { count: query.count, newestFirst, isShort, subjectId };
    const taken = takeInOrder(matches, page.resources, order);
    const next = nextOf({ taken, stored: stored.value, page, starts });
    const included = await this.#includedWith(organisationId, query, taken.all);
    if (!included.ok) return included;
    return ok({
      matches: taken.all,
      included: included.value.included,
      next: next && Buffer.from(JSON.stringify(next)).toString('base64url'),
      total: undefined,
      isUnreadable: [stored.value, page, included.value].some((part) => part.isUnreadable),
      issues: [],
    });
  }

  /** What comes with what stands on the page, readings too; not with what found no room there. */
  async #includedWith(
    organisationId: OrganisationId,
    query: SearchQuery,
    matches: readonly FoundDocument[],
  ): Promise<Result<Pick<SearchPage, 'included' | 'isUnreadable'>>> {
    if (query.includes.length + query.reverseIncludes.length === 0) return ok(NOTHING);
    return await this.#ports.repository.look(organisationId, (session, knowledge) =>
      includedIn(session, query, matches, knowledge),
    );
  }

  /**
   * Those that may stand on a page whose readings are all of `newerMs` or newer: none, where it is known
   * that no document is.
   */
  async #documents(
    organisationId: OrganisationId,
    { query, readings, starts }: Merging,
    newerMs: number | undefined,
  ): Promise<Result<SearchPage>> {
    const { repository } = this.#ports;
    const { documents } = starts;
    if (documents === null) return ok(NOTHING);
    const { newestFirst, subjectId } = readings.query;
    const isKnownToAll = viewing()?.seesAllOf(subjectId) ?? true;
    const isFromNewest = newestFirst && documents === undefined && isKnownToAll;
    const { question } = readings;
    const changes = repository.changesOf(organisationId, subjectId);
    const newest = isFromNewest ? this.#newest.of(question, changes) : undefined;
    if (newest?.isAny === false) return ok(NOTHING);
    // They begin behind this page, wherever that ends.
    if (newest !== undefined && newerMs !== undefined && newest.atMs <= newerMs)
      return ok({ ...NOTHING, next: BEHIND });
    const sort = [{ parameter: 'date', descending: newestFirst }];
    const alone = { includes: [], reverseIncludes: [] };
    const asked = { ...query, ...alone, sort, cursor: documents };
    const found = await repository.search(organisationId, asked);
    if (isFromNewest && found.ok && !found.value.isUnreadable)
      this.#newest.note(question, changes, newestOf(found.value));
    return found;
  }
}

const BEHIND = 'behind';

function newestOf({ matches: [first] }: SearchPage): Newest {
  if (first === undefined) return { isAny: false };
  const ms = first.place?.values[0];
  return { isAny: true, atMs: typeof ms === 'number' ? ms : Number.NEGATIVE_INFINITY };
}

interface ReadingsAsked {
  readonly query: ObservationQuery;
  readonly isKnown: boolean;
  /** The same for the same question, whichever page of it is asked for. */
  readonly question: string;
}

interface Merging {
  readonly query: SearchQuery;
  readonly readings: ReadingsAsked;
  readonly starts: Starts;
}

const NOTHING: SearchPage = {
  ...{ matches: [], included: [], next: undefined, total: undefined, isUnreadable: false },
};

export const WITHOUT_READINGS: OperationOutcomeIssue = {
  severity: 'warning',
  code: 'incomplete',
  details: {
    text: 'Readings of devices are found by patient, code, category and date alone, with _sort=date or -date. This answer has none of them.',
  },
};

/** Where both go on: undefined from the beginning, null when there is no more. */
interface Starts {
  readonly documents: string | undefined | null;
  readonly readings: PageStart | undefined | null;
}

function startsOf(cursor: string | undefined): Starts | undefined {
  if (cursor === undefined) return { documents: undefined, readings: undefined };
  try {
    const given = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown;
    if (typeof given !== 'object' || given === null) return undefined;
    const { d: documents, r: readings } = given as { d?: unknown; r?: unknown };
    const isText = documents === undefined || documents === null || typeof documents === 'string';
    const isStart =
      readings === undefined || readings === null || isPageStart(readings as Partial<PageStart>);
    return isText && isStart ? ({ documents, readings } as Starts) : undefined;
  } catch {
    return undefined;
  }
}

interface Taken {
  readonly all: readonly FoundDocument[];
  readonly documents: number;
  readonly readings: readonly ToldObservation[];
}

interface PageOrder {
  readonly count: number;
  readonly newestFirst: boolean;
  /** There are more documents than were fetched: no reading comes before them. */
  readonly isShort: boolean;
  /** Whose the readings are. */
  readonly subjectId: string;
}

function takeInOrder(
  documents: readonly FoundDocument[],
  readings: readonly ToldObservation[],
  { count, newestFirst, isShort, subjectId }: PageOrder,
): Taken {
  const all: FoundDocument[] = [];
  let [nextDocument, nextReading] = [0, 0];
  while (all.length < count) {
    const document = documents[nextDocument];
    const reading = readings[nextReading];
    if (document === undefined && (isShort || reading === undefined)) break;
    if (reading === undefined || (document && isFirst(document, reading, newestFirst))) {
      all.push(document as FoundDocument);
      nextDocument += 1;
    } else {
      all.push(documentOfReading(reading, subjectId));
      nextReading += 1;
    }
  }
  return { all, documents: nextDocument, readings: readings.slice(0, nextReading) };
}

/** One without a time comes last. */
function isFirst(document: FoundDocument, reading: ToldObservation, newestFirst: boolean) {
  const ms = document.place?.values[0];
  if (typeof ms !== 'number') return false;
  return newestFirst ? ms > reading.timeMs : ms < reading.timeMs;
}

/** What was fetched and did not find room is fetched again. */
function nextOf(on: {
  readonly taken: Taken;
  readonly stored: SearchPage;
  readonly page: { readonly resources: readonly ToldObservation[]; readonly next: unknown };
  readonly starts: Starts;
}): { d?: string | null; r?: PageStart | null } | undefined {
  const { taken, stored, page, starts } = on;
  const { documents, readings } = taken;
  const isMoreStored = documents < stored.matches.length || stored.next !== undefined;
  const isMoreRead = readings.length < page.resources.length || page.next !== undefined;
  if (!isMoreStored && !isMoreRead) return undefined;
  const place = stored.matches[documents - 1]?.place;
  const after = place === undefined ? starts.documents : cursorText({ stored: place });
  const d = isMoreStored ? after : null;
  const r = isMoreRead ? readingsStart(readings, starts.readings) : null;
  return { ...(d !== undefined && { d }), ...(r !== undefined && { r }) };
}

/** Of none that found room the page after begins where this one did. */
function readingsStart(
  given: readonly ToldObservation[],
  start: Starts['readings'],
): Starts['readings'] {
  return given.length === 0 ? start : pageAfter(given, start);
}
