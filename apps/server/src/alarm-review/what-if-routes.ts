/** What a change of alarms would have done: POST /api/what-if. It asks, and changes nothing. */
import {
  WHAT_IF_SUBJECTS_MAX,
  type WhatIfAnswer,
  WhatIfQuestion,
} from '@ausculta/contract/what-if';
import { UTC, type ZoneOffsets } from '@ausculta/rules/detectors/zone';
import { planAt } from '@ausculta/rules/protocol/plan';
import {
  differenceOf,
  type PlanDifference,
  type RuleChange,
} from '@ausculta/rules/whatif/changed-rules';
import { conditionsOf, ofMany } from '@ausculta/rules/whatif/what-if';
import { fail } from '@ausculta/vitals/fault';
import { PATIENT_CATEGORIES } from '@ausculta/vitals/subject';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { noteRead } from '../audit/noted-reads.ts';
import { callerOf, ofHouse, viewerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import { askedPlans, type AskedPlans as Plans } from './asked-plans.ts';
import { type ReviewPorts, reviewed } from './reviewed.ts';
import { Slots } from './slots.ts';
import { type FoundOfMany, type WhatIfPorts, whatIfOfMany } from './what-if.ts';
import { zoneOffsets } from './zone-offsets.ts';

/** Two protocols of 64 rules, with their sources. */
const BODY_BYTES_MAX = 512 * 1024;
/** Of a house. Each reads and judges for seconds; devices come first. */
const UNDER_WAY_MAX = 2;

export interface WhatIfRoutePorts
  extends ReviewPorts,
    Pick<WhatIfPorts, 'telemetry' | 'read' | 'pause'> {
  /** Where the house is; undefined: nobody has said. */
  readonly timeZone: string | undefined;
}

export function whatIfRoutes(app: FastifyInstance, ports: WhatIfRoutePorts): void {
  // It is for those who may change by what a ward is watched; of whom it tells is asked for each person.
  const config = ofHouse('read', 'protocol-library');
  const slots = new Slots(UNDER_WAY_MAX);

  app.post('/api/what-if', { config, bodyLimit: BODY_BYTES_MAX }, async (request, reply) => {
    const asked = WhatIfQuestion.safeParse(request.body);
    if (!asked.success) {
      const why = asked.error.issues[0]?.message;
      return await sendFault(reply, fail('PAYLOAD_MALFORMED', why).fault);
    }
    const { homeOrganisationId: house } = callerOf(request);
    if (!slots.take(house)) return await sendFault(reply, fail('RATE_EXCEEDED').fault);
    try {
      return await answer(ports, asked.data, { request, reply });
    } finally {
      slots.free(house);
    }
  });
}

async function answer(
  ports: WhatIfRoutePorts,
  question: WhatIfQuestion,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<WhatIfAnswer | FastifyReply> {
  const plans = askedPlans(question);
  if (!plans.ok) return await sendFault(reply, plans.fault);
  const changes = changesBetween(plans.value);
  const essential = conditionsOf({ changes }, { fates: [] }).needsMedicalLead;
  if (essential.length > 0) {
    const why = `only a medical lead may try these otherwise (safety S7): ${essential.join(', ')}`;
    return await sendFault(reply, fail('NOT_PERMITTED', why).fault);
  }
  const zone = zoneOf(question, ports);
  if (zone === undefined)
    return await sendFault(reply, fail('PAYLOAD_MALFORMED', 'zone: no such time zone').fault);
  const viewer = viewerOf(request);
  const { organisationId } = callerOf(request);
  const { subjects, hidden, notFound } = reviewed(ports, { organisationId, viewer }, question);
  if (subjects.length > WHAT_IF_SUBJECTS_MAX) {
    const why = `more than ${WHAT_IF_SUBJECTS_MAX} subjects: name those that you want`;
    return await sendFault(reply, fail('QUERY_TOO_WIDE', why).fault);
  }
  const { fromMs, toMs } = question;
  const isGone = () => request.raw.socket.destroyed;
  const found = await whatIfOfMany(
    { ...ports, viewer, isGone },
    { ...plans.value, subjects, zone, fromMs, toMs },
  );
  if (!found.ok) return await sendFault(reply, found.fault);
  const run = found.value.found.map(({ subjectId }) => subjectId);
  noteRead(request, run, { span: { fromMs, untilMs: toMs } });
  const keptBack = hidden.map(({ id: subjectId }) => ({ subjectId, why: 'kept-back' as const }));
  const { leftOut, ...told } = view(found.value, plans.value);
  return { fromMs, toMs, ...told, leftOut: [...leftOut, ...keptBack], notFound };
}

/** For whomever they are: a protocol that leaves a category out differs for those of it. */
function differencesBetween({ before, after }: Plans): readonly PlanDifference[] {
  return PATIENT_CATEGORIES.map((category) => {
    const plan = (protocol: Plans['before']) =>
      planAt({ protocol, patient: { category, spo2Scale: 1, zone: UTC }, overrides: [] }, 0);
    return differenceOf(plan(before), plan(after));
  });
}

/** Each rule once. */
function changesBetween(plans: Plans): readonly RuleChange[] {
  const all = differencesBetween(plans).flatMap(({ changes }) => changes);
  return [...new Map(all.map((change) => [change.rule, change])).values()];
}

function zoneOf(
  { zone, fromMs, toMs }: WhatIfQuestion,
  { timeZone }: WhatIfRoutePorts,
): ZoneOffsets | undefined {
  const named = zone ?? timeZone;
  return named === undefined ? UTC : zoneOffsets(named, { fromMs, toMs });
}

function view(
  { found, readings, shown, leftOut, unreadable }: FoundOfMany,
  plans: Plans,
): Omit<WhatIfAnswer, 'fromMs' | 'toMs' | 'notFound'> {
  const changes = [...changesBetween(plans)];
  const all = ofMany(found);
  const { needsSecondClinician } = conditionsOf({ changes }, all);
  const notReplayed = differencesBetween(plans).flatMap((one) => one.notReplayed);
  return {
    changes,
    notReplayed: [...new Set(notReplayed)],
    patients: found.length,
    before: tallied(all.before),
    after: tallied(all.after),
    actedOn: all.actedOn,
    fates: found.flatMap(({ subjectId, fates }) => fates.map((fate) => ({ subjectId, ...fate }))),
    needsSecondClinician,
    ...{ readings, shown, leftOut, unreadable },
  };
}

function tallied({ total, byPriority, byHour }: FoundTally): WhatIfAnswer['before'] {
  return { total, byPriority, byHour: [...byHour] };
}

type FoundTally = FoundOfMany['found'][number]['before'];
