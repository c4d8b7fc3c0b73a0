import { AccessReport } from '@ausculta/contract/accesses';
import { RefusedAdmissionList } from '@ausculta/contract/admissions';
import { AlarmStatistics } from '@ausculta/contract/alarm-statistics';
import { AlarmList, AlarmView, LimitList } from '@ausculta/contract/alarms';
import { DisclosureReport } from '@ausculta/contract/disclosures';
import {
  Erasure,
  ErasureOrder,
  LegalHold,
  LegalHoldList,
  NewLegalHold,
} from '@ausculta/contract/erasure';
import { Latest, LatestQuestion } from '@ausculta/contract/latest';
import { EventList, Trend } from '@ausculta/contract/readings';
import { SpellAnswer, SpellQuestion } from '@ausculta/contract/spells';
import { StatisticsAnswer } from '@ausculta/contract/statistics';
import { NewSubject, SubjectList, SubjectMerge, SubjectView } from '@ausculta/contract/subjects';
import { WhatIfAnswer, WhatIfQuestion } from '@ausculta/contract/what-if';
import { AlarmStatisticsQuery } from '../alarm-review/statistics-routes.ts';
import { Acknowledgement, AlarmsQuery, SnoozeRequest } from '../alarms/routes.ts';
import { RecordQuery } from '../audit/record-asked.ts';
import { EdfQuery } from '../telemetry/edf-routes.ts';
import { EventQuery } from '../telemetry/event-routes.ts';
import { ReadingsQuery } from '../telemetry/reading-routes.ts';
import { StatisticsQuery } from '../telemetry/statistics-routes.ts';
import { TrendQuery } from '../telemetry/trend-routes.ts';
import { WaveformQuery } from '../telemetry/waveform-routes.ts';
import { NOTHING, type Operations } from './operation.ts';

const PATIENTS: Operations = {
  'GET /api/subjects': { tag: 'patients', summary: 'Whom the caller may see', answer: SubjectList },
  'POST /api/subjects': {
    tag: 'patients',
    summary: 'Add a patient',
    body: NewSubject,
    answer: SubjectView,
    status: 201,
  },
  'GET /api/subjects/:id': { tag: 'patients', summary: 'One patient', answer: SubjectView },
  'POST /api/subjects/:id/merge': {
    tag: 'patients',
    summary: 'The same person as another record, which goes on',
    body: SubjectMerge,
    answer: NOTHING,
  },
  'POST /api/subjects/:id/unmerge': { tag: 'patients', summary: 'Take that back', answer: NOTHING },
  'GET /api/subjects/:id/accesses': {
    tag: 'patients',
    summary: 'Who has looked at the record',
    query: RecordQuery,
    answer: AccessReport,
  },
  'GET /api/subjects/:id/disclosures': {
    tag: 'patients',
    summary: 'What of the person has left the house, and to whom',
    query: RecordQuery,
    answer: DisclosureReport,
  },
  'GET /api/subjects/:id/erasure': {
    tag: 'patients',
    summary: 'The receipt of an erasure',
    answer: Erasure,
  },
  'POST /api/subjects/:id/erasure': {
    tag: 'patients',
    summary: 'Erase, for good',
    body: ErasureOrder,
    answer: Erasure,
  },
  'GET /api/subjects/:id/holds': { tag: 'patients', summary: 'Legal holds', answer: LegalHoldList },
  'POST /api/subjects/:id/holds': {
    tag: 'patients',
    summary: 'Place a legal hold: no erasure until it is released',
    body: NewLegalHold,
    answer: LegalHold,
    status: 201,
  },
  'POST /api/subjects/:id/holds/:hold/release': {
    tag: 'patients',
    summary: 'Release it',
    answer: NOTHING,
  },
  'GET /api/admissions/refused': {
    tag: 'patients',
    summary: 'What admission systems said and was refused',
    answer: RefusedAdmissionList,
  },
};

const ALARMS: Operations = {
  'GET /api/alarms': {
    tag: 'measured',
    summary: 'Alarms, open ones unless all are asked for',
    query: AlarmsQuery,
    answer: AlarmList,
  },
  'POST /api/alarms/:id/acknowledge': {
    tag: 'measured',
    summary: 'Acknowledge an alarm, as a person',
    body: Acknowledgement,
    answer: AlarmView,
  },
  'POST /api/alarms/:id/snooze': {
    tag: 'measured',
    summary: 'Be called again in some minutes: medium and low alarms, by a person',
    body: SnoozeRequest,
    answer: AlarmView,
  },
  'GET /api/subjects/:id/limits': {
    tag: 'measured',
    summary: 'The limits in force',
    answer: LimitList,
  },
  'GET /api/alarm-statistics': {
    tag: 'measured',
    summary: 'How many alarms there were, and who answered: counts, and nobody by name',
    query: AlarmStatisticsQuery,
    answer: AlarmStatistics,
  },
  'POST /api/what-if': {
    tag: 'measured',
    summary: 'What other limits would have done to the alarms of a past time; changes nothing',
    body: WhatIfQuestion,
    answer: WhatIfAnswer,
  },
};

const MEASURED: Operations = {
  'GET /api/subjects/:id/readings': {
    ...{ tag: 'measured', summary: 'Readings, one a line', query: ReadingsQuery },
    answer: {
      media: ['application/x-ndjson', 'text/csv', 'application/octet-stream'],
      about: 'A reading a line, by `format` or Accept; blocks as the export format has them.',
    },
  },
  'GET /api/subjects/:id/events': {
    tag: 'measured',
    summary: 'What happened rather than was measured',
    query: EventQuery,
    answer: EventList,
  },
  'GET /api/subjects/:id/trend': {
    tag: 'measured',
    summary: 'Lanes for a chart',
    query: TrendQuery,
    answer: Trend,
  },
  'GET /api/subjects/:id/statistics': {
    tag: 'measured',
    summary: 'Figures of a time',
    query: StatisticsQuery,
    answer: StatisticsAnswer,
  },
  'GET /api/subjects/:id/waveforms': {
    ...{ tag: 'measured', summary: 'Samples of waveforms', query: WaveformQuery },
    answer: { media: ['application/octet-stream'], about: 'One waveform block.' },
  },
  'GET /api/subjects/:id/edf': {
    ...{ tag: 'measured', summary: 'Waveforms as a file', query: EdfQuery },
    answer: { media: ['application/octet-stream'], about: 'EDF+.' },
  },
  'POST /api/latest': {
    tag: 'measured',
    summary: 'The last readings of many; asks, and changes nothing',
    body: LatestQuestion,
    answer: Latest,
  },
  'POST /api/spells': {
    tag: 'measured',
    summary: 'When something held for how long, of many',
    body: SpellQuestion,
    answer: SpellAnswer,
  },
  'GET /api/live': {
    ...{ tag: 'measured', summary: 'A WebSocket with what is measured now' },
    answer: {
      media: ['application/octet-stream'],
      about: 'Frames of the subprotocol that packages/contract describes.',
    },
    status: 101,
  },
};

export const PATIENT_OPERATIONS: Operations = { ...PATIENTS, ...ALARMS, ...MEASURED };
