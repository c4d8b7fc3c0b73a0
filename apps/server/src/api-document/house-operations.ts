import { ClientList, ClientView, NewClient } from '@ausculta/contract/clients';
import { DeviceGrantList, DeviceGrantView, NewDeviceGrant } from '@ausculta/contract/device-grants';
import {
  CertificateRevocation,
  ClaimMade,
  DeviceIdentityView,
  NewClaim,
} from '@ausculta/contract/device-identity';
import {
  DeviceAbout,
  DeviceAssignment,
  DeviceCorrection,
  DeviceList,
  DeviceSummary,
  DeviceUnassignment,
  DeviceView,
} from '@ausculta/contract/devices';
import { ParkedList } from '@ausculta/contract/parked';
import { IntakeAnswer } from '@ausculta/contract/readings';
import { Status } from '@ausculta/contract/status';
import { DeviceCreated, NewDevice } from '@ausculta/contract/subjects';
import { WatchdogCheck } from '@ausculta/contract/watchdog';
import {
  ReconciliationOrder,
  RetryAnswer,
  WriteBackOfSubject,
  WriteBackOrder,
  WriteBackStatus,
} from '@ausculta/contract/write-back';
import { z } from 'zod';
import { NOTHING, type Operations } from './operation.ts';

const DEVICES: Operations = {
  'GET /api/devices': {
    tag: 'devices',
    summary: 'The devices of the organisation',
    answer: DeviceList,
  },
  'POST /api/devices': {
    tag: 'devices',
    summary: 'Register a device; its token is answered once',
    body: NewDevice,
    answer: DeviceCreated,
    status: 201,
  },
  'GET /api/devices/:id': {
    tag: 'devices',
    summary: 'One device and who wore it',
    answer: DeviceView,
  },
  'POST /api/devices/:id/about': {
    tag: 'devices',
    summary: 'What is known of it',
    body: DeviceAbout,
    answer: DeviceSummary,
  },
  'POST /api/devices/:id/token': {
    tag: 'devices',
    summary: 'A new token; the old one ends',
    answer: DeviceCreated,
  },
  'POST /api/devices/:id/disable': {
    tag: 'devices',
    summary: 'Take out of use',
    answer: DeviceSummary,
  },
  'POST /api/devices/:id/assignment': {
    tag: 'devices',
    summary: 'Who wears it from then on',
    body: DeviceAssignment,
    answer: DeviceView,
  },
  'POST /api/devices/:id/unassignment': {
    tag: 'devices',
    summary: 'Nobody wears it from then on',
    body: DeviceUnassignment,
    answer: DeviceView,
  },
  'POST /api/devices/:id/correction': {
    tag: 'devices',
    summary: 'Who wore it in a span, whatever was thought',
    body: DeviceCorrection,
    answer: DeviceView,
  },
  'GET /api/devices/:id/grants': {
    tag: 'devices',
    summary: 'What another device may hear of it',
    answer: DeviceGrantList,
  },
  'POST /api/devices/:id/grants': {
    tag: 'devices',
    summary: 'Open its stream to another device',
    body: NewDeviceGrant,
    answer: DeviceGrantView,
    status: 201,
  },
  'POST /api/devices/:id/grants/:grant/withdrawal': {
    tag: 'devices',
    summary: 'Close it',
    answer: DeviceGrantView,
  },
  'GET /api/devices/:id/identity': {
    tag: 'devices',
    summary: 'By what it proves itself, and who was refused',
    answer: DeviceIdentityView,
  },
  'POST /api/devices/:id/claim': {
    tag: 'devices',
    summary: 'A code for its first certificate',
    body: NewClaim,
    isBodyOptional: true,
    answer: ClaimMade,
    status: 201,
  },
  'POST /api/devices/:id/certificates/:serial/revocation': {
    tag: 'devices',
    summary: 'Revoke a certificate, at once',
    body: CertificateRevocation,
    answer: DeviceIdentityView,
  },
};

const SENDS = {
  media: ['application/json', 'application/senml+json', 'application/senml+cbor'],
  about: 'As docs/connect-a-device.md has it.',
};
const CERTIFICATES = {
  media: ['application/pkcs7-mime'],
  about: 'Certificates only, in base64 (RFC 7030).',
};
const REQUEST = { media: ['application/pkcs10'], about: 'A request for a certificate, in base64.' };

const NOTHING_STORED = {
  status: 422,
  why: 'Nothing of it could be placed; what is wrong is said.',
};

const BY_DEVICES: Operations = {
  'POST /api/devices/:id/readings': {
    tag: 'devices',
    summary: 'Send readings, as the device',
    body: SENDS,
    answer: IntakeAnswer,
    status: 202,
    also: NOTHING_STORED,
  },
  'POST /api/devices/:id/waveforms': {
    tag: 'devices',
    summary: 'Send waveforms, as the device',
    body: SENDS,
    answer: IntakeAnswer,
    status: 202,
    also: NOTHING_STORED,
  },
  'POST /api/devices/:id/events': {
    tag: 'devices',
    summary: 'Send events, as the device',
    body: SENDS,
    answer: IntakeAnswer,
    status: 202,
    also: NOTHING_STORED,
  },
  'POST /api/devices/:id/:other': {
    tag: 'devices',
    summary: 'Tells a device that its address has a slip',
    body: SENDS,
    answer: IntakeAnswer,
    status: 202,
    also: NOTHING_STORED,
  },
  'GET /.well-known/est/cacerts': {
    tag: 'devices',
    summary: 'The authorities of devices (EST)',
    answer: CERTIFICATES,
  },
  'POST /.well-known/est/simpleenroll': {
    tag: 'devices',
    summary: 'A first certificate, for a claim code',
    body: REQUEST,
    answer: CERTIFICATES,
  },
  'POST /.well-known/est/simplereenroll': {
    tag: 'devices',
    summary: 'The next certificate, for the one before',
    body: REQUEST,
    answer: CERTIFICATES,
  },
};

const HOUSE: Operations = {
  'GET /api/parked': {
    tag: 'house',
    summary: 'What could not be decoded or placed',
    answer: ParkedList,
  },
  'POST /api/keys/rotation': { tag: 'house', summary: 'Rotate the keys', answer: NOTHING },
  'GET /api/clients': {
    tag: 'house',
    summary: 'Programs and apps with access tokens',
    answer: ClientList,
  },
  'POST /api/clients': {
    tag: 'house',
    summary: 'Add one: a program by its public keys, an app by where it is',
    body: NewClient,
    answer: ClientView,
    status: 201,
  },
  'POST /api/clients/:id/disable': {
    tag: 'house',
    summary: 'Take one out of use, at once',
    answer: ClientView,
  },
  'GET /api/indicators/:period': {
    tag: 'house',
    summary: 'Figures of a period that is over',
    answer: { media: ['text/csv'], about: 'Figures of a period.' },
  },
  'GET /api/write-back': {
    tag: 'house',
    summary: 'Daily summaries in the records of others',
    answer: WriteBackStatus,
  },
  'POST /api/write-back/:destination/retry': {
    tag: 'house',
    summary: 'Send what was refused again',
    answer: RetryAnswer,
  },
  'POST /api/write-back/:destination/reconciliation': {
    tag: 'house',
    summary: 'Compare all that was sent',
    body: ReconciliationOrder,
    isBodyOptional: true,
    answer: NOTHING,
    status: 202,
  },
  'GET /api/subjects/:id/write-back': {
    tag: 'house',
    summary: 'What of a patient is sent where',
    answer: WriteBackOfSubject,
  },
  'POST /api/subjects/:id/write-back/:destination': {
    tag: 'house',
    summary: 'Opt a patient in',
    body: WriteBackOrder,
    isBodyOptional: true,
    answer: NOTHING,
  },
  'POST /api/subjects/:id/write-back/:destination/withdrawal': {
    tag: 'house',
    summary: 'Opt out',
    answer: NOTHING,
  },
};

const SERVER: Operations = {
  'GET /livez': {
    tag: 'server',
    summary: 'Whether it runs',
    answer: z.object({ live: z.literal(true) }),
  },
  'GET /readyz': {
    tag: 'server',
    summary: 'Whether it takes what is sent; 503 when it does not',
    answer: z.object({ ready: z.boolean() }),
    also: { status: 503, why: 'It does not.' },
  },
  'POST /api/watchdog/checks': {
    tag: 'server',
    summary: 'The watchdog of another host has found the way of an alarm in order',
    body: WatchdogCheck,
  },
  'GET /api/status': { tag: 'server', summary: 'How it is, part by part', answer: Status },
  'GET /api/openapi.json': {
    tag: 'server',
    summary: 'This description',
    answer: { media: ['application/json'], about: 'OpenAPI 3.1.' },
  },
  'GET /api/docs': {
    tag: 'server',
    summary: 'This description, to be read',
    answer: { media: ['text/html'], about: 'A page without scripts.' },
  },
};

export const HOUSE_OPERATIONS: Operations = { ...DEVICES, ...BY_DEVICES, ...HOUSE, ...SERVER };
