import {
  CallAddresses,
  CallAnswer,
  CallAnswered,
  CallingView,
  CallLed,
  CallTest,
  CallTimeline,
  NewTurn,
  PolicyWritten,
  Roster,
  TurnEnd,
  TurnView,
  UntakenList,
} from '@ausculta/contract/calling';
import { CallPolicy } from '@ausculta/rules/calling/policy';
import { z } from 'zod';
import type { Operations } from './operation.ts';

export const CALLING: Operations = {
  'GET /api/calling': {
    tag: 'house',
    summary: 'Who is called for an alarm beyond the screens: by the policy, or nobody',
    answer: CallingView,
  },
  'PUT /api/calling/policy': {
    tag: 'house',
    summary: 'Write who is called; every owed alarm is called by it at once',
    body: CallPolicy,
    answer: PolicyWritten,
  },
  'GET /api/calls/untaken': {
    tag: 'measured',
    summary: 'What was sent of owed alarms and was not taken',
    answer: UntakenList,
  },
  'GET /api/alarms/:id/calls': {
    tag: 'measured',
    summary: 'Who was told of an alarm, by which channel, and what became of it',
    query: z.object({ subject: z.string() }),
    answer: CallTimeline,
  },
  'POST /api/calls/:id/opened': {
    tag: 'measured',
    summary: 'Which alarm a call is of; whoever was called has seen it',
    answer: CallLed,
  },
  'POST /api/calls/:id/answer': {
    tag: 'measured',
    summary: 'A gateway reports that a person has pressed a key; the token is the call’s own',
    body: CallAnswer,
    answer: CallAnswered,
  },
  'GET /api/roster': {
    tag: 'house',
    summary: 'Who is on, and for which duties nobody is',
    answer: Roster,
  },
  'POST /api/roster': {
    tag: 'house',
    summary: 'I am on; and whose turn ends with it',
    body: NewTurn,
    answer: TurnView,
    status: 201,
  },
  'POST /api/roster/:id/end': {
    tag: 'house',
    summary: 'I am off',
    body: TurnEnd,
    isBodyOptional: true,
  },
  'GET /api/me/calling': {
    tag: 'account',
    summary: 'By which addresses I am called',
    answer: CallAddresses,
  },
  'PUT /api/me/calling': {
    tag: 'account',
    summary: 'Say by which addresses I am called',
    body: CallAddresses,
    answer: CallAddresses,
  },
  'POST /api/me/calling/test': {
    tag: 'account',
    summary: 'Call me once for a test, by every channel that I have an address for',
    answer: CallTest,
  },
};
