/** What lies sealed of people who work here, and of their programs. */
import { glassContext } from '../access/standing-store.ts';
import { addressContext } from '../calling/addresses.ts';
import { artifactContext } from '../oidc/adapter.ts';
import { keyContext } from '../oidc/signing-keys.ts';
import { secretContext } from '../people/second-factor.ts';
import { jsonFault, type SealedKind, text } from './sealed-kind.ts';

const ofColumn = (row: Parameters<SealedKind['nameOf']>[0]): string => text(row['subject_id']);

export const SEALED_OF_PEOPLE: readonly SealedKind[] = [
  {
    what: 'reason of broken glass',
    table: 'broken_glass',
    key: ['subject_id', 'id'],
    columns: [],
    sealed: 'reason_sealed',
    contextOf: (row) => glassContext(text(row['subject_id']), text(row['id'])),
    subjectOf: ofColumn,
    nameOf: (row) => `${row['subject_id']}/${row['id']}`,
    faultOf: () => undefined,
  },
  {
    what: 'addresses of a person who is called',
    table: 'call_address',
    key: ['organisation_id', 'account_id'],
    columns: [],
    sealed: 'sealed',
    contextOf: (row) => addressContext(text(row['organisation_id']), text(row['account_id'])),
    subjectOf: () => null,
    nameOf: (row) => text(row['account_id']),
    faultOf: jsonFault,
  },
  {
    what: 'token of a program',
    table: 'oidc_artifact',
    key: ['kind', 'id_hash'],
    columns: ['organisation_id'],
    sealed: 'sealed',
    contextOf: (row) => artifactContext(text(row['kind']), row['id_hash'] as Uint8Array),
    subjectOf: () => null,
    nameOf: (row) => text(row['kind']),
    faultOf: jsonFault,
  },
  {
    what: 'key that signs for programs',
    table: 'oidc_key',
    key: ['id'],
    columns: ['organisation_id'],
    sealed: 'sealed',
    contextOf: (row) => keyContext(text(row['id'])),
    subjectOf: () => null,
    nameOf: (row) => text(row['id']),
    faultOf: jsonFault,
  },
  {
    what: 'second factor',
    table: 'second_factor',
    key: ['organisation_id', 'account_id'],
    columns: [],
    sealed: 'secret_sealed',
    contextOf: (row) => secretContext(text(row['organisation_id']), text(row['account_id'])),
    subjectOf: () => null,
    nameOf: (row) => text(row['account_id']),
    faultOf: () => undefined,
  },
];
