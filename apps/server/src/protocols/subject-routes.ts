/** By what one patient is watched: the plan in force, a protocol of their own, overrides, and why. */
import {
  Ending,
  NewOverride,
  NewSubjectAssignment,
  type PlanView,
} from '@ausculta/contract/protocols';
import {
  type Assigned,
  OVERRIDE_DAYS_MAX,
  type Override,
  whyRefused,
} from '@ausculta/rules/protocol/plan';
import { fail } from '@ausculta/vitals/fault';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AlarmBook } from '../alarms/book.ts';
import type { RegisteredSubject, Registry } from '../devices/registry.ts';
import { malformed, subjectOf } from '../devices/routes.ts';
import type { PlannedWatch } from '../line/planned.ts';
import { callerOf, ofSubject, viewerOf } from '../people/access.ts';
import { sendFault } from '../people/problem.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { ProtocolActs } from './acts.ts';
import { explainedThen } from './explaining.ts';
import type { PlanKeeper } from './keeper.ts';
import type { Library } from './library.ts';
import { assignmentView, explanationView, overrideView, planView } from './plan-view.ts';
import { isKnown } from './routes.ts';

export interface SubjectProtocolPorts {
  readonly library: Library;
  readonly acts: ProtocolActs;
  readonly keeper: PlanKeeper;
  readonly registry: Registry;
  readonly alarms: Pick<AlarmBook, 'watch'>;
  readonly telemetry: Pick<Telemetry, 'windows'>;
  readonly nowMs: () => number;
}

/** As a protocol names its rules. */
const RULE_KEY = /^[a-z0-9]+([-/][a-z0-9]+)*$/;

export const ExplainQuery = z.object({
  rule: z.string().max(200).regex(RULE_KEY),
  at: z.iso
    .datetime({ offset: true })
    .transform((text) => Date.parse(text))
    .optional(),
});

interface OfOne {
  readonly Params: { readonly id: string };
}
const CHANGES = { config: ofSubject('change', 'protocols') };

const NOT_FOUND = fail('NOT_FOUND').fault;
const TOO_LONG = fail('PAYLOAD_MALFORMED', `until: a time within ${OVERRIDE_DAYS_MAX} days`).fault;

export function subjectProtocolRoutes(app: FastifyInstance, ports: SubjectProtocolPorts): void {
  const { library, acts, keeper, nowMs } = ports;

  app.get<OfOne>(
    '/api/subjects/:id/protocol',
    { config: ofSubject('read', 'protocols') },
    async (request, reply) => {
      const subject = subjectIn(request, ports);
      if (subject === undefined) return await sendFault(reply, NOT_FOUND);
      return viewOf(subject, ports);
    },
  );

  app.post<OfOne>('/api/subjects/:id/protocol', CHANGES, async (request, reply) => {
    const subject = subjectIn(request, ports);
    const body = NewSubjectAssignment.safeParse(request.body);
    if (!body.success) return await sendFault(reply, malformed(body.error.issues));
    if (subject === undefined) return await sendFault(reply, NOT_FOUND);
    const { protocol: key, spo2Scale } = body.data;
    if (!isKnown(library, subject.organisationId, key))
      return await sendFault(reply, fail('NOT_FOUND', 'protocol').fault);
    const to = { subjectId: subject.id };
    const row = await acts.assign(callerOf(request), to, { key, spo2Scale });
    await keeper.follow();
    return await reply.code(201).send(assignmentView(row));
  });

  app.post<OfOne>('/api/subjects/:id/protocol/end', CHANGES, async (request, reply) => {
    const subject = subjectIn(request, ports);
    const own = subject && keeper.assignmentOf(subject);
    if (own === undefined || own.subject_id === null) return await sendFault(reply, NOT_FOUND);
    await acts.unassign(callerOf(request), own);
    await keeper.follow();
    return await reply.code(204).send();
  });

  app.get<OfOne>(
    '/api/subjects/:id/alarms/explain',
    { config: ofSubject('read', 'protocols') },
    async (request, reply) => {
      const subject = subjectIn(request, ports);
      const query = ExplainQuery.safeParse(request.query);
      if (!query.success) return await sendFault(reply, malformed(query.error.issues));
      if (subject === undefined) return await sendFault(reply, NOT_FOUND);
      const now = nowMs();
      const { rule, at = now } = query.data;
      if (at > now) return await sendFault(reply, fail('PAYLOAD_MALFORMED', 'at').fault);
      const planned = plannedOf(subject, ports);
      const explained =
        query.data.at === undefined
          ? planned.monitor.explain(rule, now)
          : await explainedThen(ports, subject, { planned, rule, atMs: at });
      // A person may keep back what is measured: then it says why, and not by which values.
      const asked = { action: 'read', dataClass: 'vitals', subjectId: subject.id } as const;
      const showsMeasured = viewerOf(request).decide(asked).isPermitted;
      return explanationView(rule, explained, { atMs: at, showsMeasured });
    },
  );

  overrideRoutes(app, ports);
}

function overrideRoutes(app: FastifyInstance, ports: SubjectProtocolPorts): void {
  const { library, acts, keeper, nowMs } = ports;

  app.post<OfOne>('/api/subjects/:id/overrides', CHANGES, async (request, reply) => {
    const subject = subjectIn(request, ports);
    const body = NewOverride.safeParse(request.body);
    if (!body.success) return await sendFault(reply, malformed(body.error.issues));
    if (subject === undefined) return await sendFault(reply, NOT_FOUND);
    const { rule: ruleKey, change, reason, until: untilMs } = body.data;
    const fromMs = nowMs();
    const caller = callerOf(request);
    const author = caller.displayName;
    const override: Override = { ruleKey, change, author, reason, fromMs, untilMs };
    const assigned = assignedOf(subject, ports);
    const refused = whyRefused(override, assigned);
    if (refused === 'too-long') return await sendFault(reply, TOO_LONG);
    if (refused !== undefined)
      return await sendFault(reply, fail('PAYLOAD_MALFORMED', `override: ${refused}`).fault);
    const known = await acts.override(caller, subject.id, override);
    if (known === undefined) return await sendFault(reply, NOT_FOUND);
    await keeper.follow();
    return await reply.code(201).send(overrideView(known, assigned));
  });

  app.post<{ Params: { id: string; override: string } }>(
    '/api/subjects/:id/overrides/:override/end',
    CHANGES,
    async (request, reply) => {
      const subject = subjectIn(request, ports);
      const body = Ending.safeParse(request.body);
      if (!body.success) return await sendFault(reply, malformed(body.error.issues));
      const { override: id } = request.params;
      if (subject === undefined || !library.overridesOf(subject.id).some((one) => one.id === id))
        return await sendFault(reply, NOT_FOUND);
      await acts.endOverride(callerOf(request), subject.id, { id, reason: body.data.reason });
      await keeper.follow();
      return await reply.code(204).send();
    },
  );
}

function subjectIn(
  request: FastifyRequest<OfOne>,
  { registry }: SubjectProtocolPorts,
): RegisteredSubject | undefined {
  return subjectOf(registry, callerOf(request).organisationId, request.params.id);
}

function plannedOf(
  subject: RegisteredSubject,
  { alarms, nowMs }: SubjectProtocolPorts,
): PlannedWatch {
  return alarms.watch.planOf(subject.id) ?? alarms.watch.asBegun(subject, nowMs());
}

function assignedOf(subject: RegisteredSubject, ports: SubjectProtocolPorts): Assigned {
  return plannedOf(subject, ports).assigned;
}

function viewOf(subject: RegisteredSubject, ports: SubjectProtocolPorts): PlanView {
  const { library, keeper, nowMs } = ports;
  const now = nowMs();
  const overrides = library
    .overridesOf(subject.id)
    .filter(({ override }) => override.untilMs > now);
  const assignment = keeper.assignmentOf(subject);
  return planView(assignedOf(subject, ports), { assignment, overrides, nowMs: now });
}
