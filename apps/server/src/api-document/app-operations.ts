import {
  AppGrantList,
  AppList,
  AppRequest,
  DeviceCodeShown,
  DeviceDecision,
  LaunchView,
  NewLaunch,
} from '@ausculta/contract/apps';
import type { Operations } from './operation.ts';

/** Apps that act for a person (SMART App Launch); the authorisation server describes itself. */
export const APP_OPERATIONS: Operations = {
  'GET /api/apps': {
    tag: 'account',
    summary: 'Apps that can be opened for a patient',
    answer: AppList,
  },
  'POST /api/launches': {
    tag: 'account',
    summary: 'Open one for a patient: where to go, good once',
    body: NewLaunch,
    answer: LaunchView,
    status: 201,
  },
  'GET /api/me/apps': {
    tag: 'account',
    summary: 'Apps that one has let in',
    answer: AppGrantList,
  },
  'DELETE /api/me/apps/:id': { tag: 'account', summary: 'Shut one out, at once' },
  'POST /api/device-codes/look': {
    tag: 'account',
    summary: 'What the app asks that shows this code on another screen',
    body: DeviceCodeShown,
    answer: AppRequest,
  },
  'POST /api/device-codes/grant': {
    tag: 'account',
    summary: 'Let it in, for so much',
    body: DeviceDecision,
  },
  'POST /api/device-codes/refusal': {
    tag: 'account',
    summary: 'Do not let it in',
    body: DeviceCodeShown,
  },
};
