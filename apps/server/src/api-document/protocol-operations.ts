import {
  AlarmExplanation,
  AssignmentList,
  AssignmentView,
  Ending,
  FollowedVersion,
  NewAssignment,
  NewOverride,
  NewProtocolVersion,
  NewSubjectAssignment,
  OverrideView,
  PlanView,
  ProtocolList,
  ProtocolVersion,
  ProtocolView,
} from '@ausculta/contract/protocols';
import { ExplainQuery } from '../protocols/subject-routes.ts';
import type { Operations } from './operation.ts';

export const PROTOCOL_OPERATIONS: Operations = {
  'GET /api/protocols': {
    tag: 'house',
    summary: 'Protocols of the house, and the ready ones',
    answer: ProtocolList,
  },
  'GET /api/protocols/:key/versions/:version': {
    tag: 'house',
    summary: 'One version of a protocol, with its rules and where each comes from',
    answer: ProtocolVersion,
  },
  'POST /api/protocols/:key/versions': {
    tag: 'house',
    summary: 'Write the next version, which is followed from now on',
    body: NewProtocolVersion,
    answer: ProtocolView,
    status: 201,
  },
  'POST /api/protocols/:key/followed': {
    tag: 'house',
    summary: 'Follow an earlier version again, or a later one',
    body: FollowedVersion,
    answer: ProtocolView,
  },
  'GET /api/protocol-assignments': {
    tag: 'house',
    summary: 'Which wards and categories have which protocol',
    answer: AssignmentList,
  },
  'POST /api/protocol-assignments': {
    tag: 'house',
    summary: 'Give a protocol to a ward or a category',
    body: NewAssignment,
    answer: AssignmentView,
    status: 201,
  },
  'POST /api/protocol-assignments/:assignment/end': {
    tag: 'house',
    summary: 'Take it back',
  },
  'GET /api/subjects/:id/protocol': {
    tag: 'measured',
    summary: 'By what the patient is watched, and where each line comes from',
    answer: PlanView,
  },
  'POST /api/subjects/:id/protocol': {
    tag: 'measured',
    summary: 'Give the patient a protocol of their own',
    body: NewSubjectAssignment,
    answer: AssignmentView,
    status: 201,
  },
  'POST /api/subjects/:id/protocol/end': {
    tag: 'measured',
    summary: 'Take it back: the protocol of the ward or the category follows',
  },
  'POST /api/subjects/:id/overrides': {
    tag: 'measured',
    summary: 'Change one line for the patient, with a reason and an end',
    body: NewOverride,
    answer: OverrideView,
    status: 201,
  },
  'POST /api/subjects/:id/overrides/:override/end': {
    tag: 'measured',
    summary: 'End an override before its time',
    body: Ending,
  },
  'GET /api/subjects/:id/alarms/explain': {
    tag: 'measured',
    summary: 'Why a rule did or did not call, now or at a moment before',
    query: ExplainQuery,
    answer: AlarmExplanation,
  },
};
