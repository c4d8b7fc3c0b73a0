/**
 * Where oidc-provider keeps what it gives out. The name of a token is the token: kept as its hash alone; what
 * is said of it is sealed. Clients come from their own table, and are in use or are not there.
 */
import { expect } from '@ausculta/vitals/expect';
import type { OrganisationId } from '@ausculta/vitals/identity';
import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { Sql } from '../database/pool.ts';
import type { Seal } from '../vault/seal.ts';
import * as store from './store.ts';

export interface KeptBy {
  readonly sql: Sql;
  /** The one that the installation began with: its key seals what is of no organisation. */
  readonly organisationId: OrganisationId;
  readonly seal: Seal;
  readonly sha256: (text: string) => Uint8Array;
  readonly nowMs: () => number;
  /** What was given out opens nothing any more. */
  readonly onGone: () => void;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export const artifactContext = (kind: string, idHash: Uint8Array): string =>
  `oidc/${kind}/${hex(idHash)}`;

export function adapterOf(ports: KeptBy): (kind: string) => Adapter {
  return (kind) => (kind === 'Client' ? clientAdapter(ports) : artifactAdapter(kind, ports));
}

/** Nobody registers a client by themselves: these are read, and written by administrators alone. */
function clientAdapter({ sql }: KeptBy): Adapter {
  return {
    async find(id) {
      const isId = /^[0-9a-f-]{36}$/.test(id);
      const row = isId ? await store.clientById(sql, id) : undefined;
      return row && metadataOf(row);
    },
    ...READ_ONLY,
  };
}

const refuse = async (): Promise<never> => {
  throw new Error('broken invariant: the provider writes no clients');
};
const READ_ONLY = {
  upsert: refuse,
  findByUserCode: refuse,
  findByUid: refuse,
  consume: refuse,
  destroy: refuse,
  revokeByGrantId: refuse,
};

function metadataOf(row: store.ClientRow): AdapterPayload {
  return {
    client_id: row.id,
    client_name: row.name,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: row.jwks.keys.map((key) => ({ ...key })) },
  };
}

function artifactAdapter(kind: string, ports: KeptBy): Adapter {
  const { sql, seal, sha256, nowMs, organisationId, onGone } = ports;
  const keyOf = (id: string) => ({ kind, idHash: sha256(id) });
  return {
    async upsert(id, payload, expiresIn) {
      const { idHash } = keyOf(id);
      const clear = new TextEncoder().encode(JSON.stringify(payload));
      await store.writeArtifact(sql, {
        organisation_id: organisationId,
        kind,
        id_hash: idHash,
        client_id: payload.clientId ?? null,
        scope: payload.scope ?? null,
        grant_hash: payload.grantId === undefined ? null : sha256(payload.grantId),
        sealed: seal.seal(clear, artifactContext(kind, idHash)),
        expires_at: expiresIn === undefined ? null : new Date(nowMs() + expiresIn * 1000),
      });
    },
    async find(id) {
      const key = keyOf(id);
      const row = await store.readArtifact(sql, { ...key, now: new Date(nowMs()) });
      const opened = row && seal.open(row.sealed, artifactContext(kind, key.idHash));
      // What does not open is not there: its holder asks for another.
      if (row === undefined || opened?.ok !== true) return undefined;
      const payload = JSON.parse(new TextDecoder().decode(opened.value)) as AdapterPayload;
      return row.consumed_at === null ? payload : { ...payload, consumed: true };
    },
    async consume(id) {
      await store.consumeArtifact(sql, { ...keyOf(id), now: new Date(nowMs()) });
    },
    async destroy(id) {
      await store.deleteArtifact(sql, keyOf(id));
      onGone();
    },
    async revokeByGrantId(grantId) {
      await store.deleteGrant(sql, kind, sha256(grantId));
      onGone();
    },
    findByUserCode: notOffered,
    findByUid: notOffered,
  };
}

/** Of device codes and interactions, which no client may begin here. */
const notOffered = async (): Promise<undefined> => {
  expect(false, 'only what is offered is looked for');
};
