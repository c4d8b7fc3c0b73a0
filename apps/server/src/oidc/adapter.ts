/**
 * Where oidc-provider keeps what it gives out. The name of a token is the token: kept as its hash alone; what
 * is said of it is sealed. Clients come from their own table, and are in use or are not there.
 */
import type { OrganisationId } from '@ausculta/vitals/identity';
import { type Adapter, type AdapterPayload, errors } from 'oidc-provider';
import type { Sql } from '../database/pool.ts';
import type { Seal } from '../vault/seal.ts';
import { deleteGrant } from './app-store.ts';
import { DEVICE_GRANT } from './app-words.ts';
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
      const row = await store.clientById(sql, id);
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
  const { id, name, kind, redirect_uris, jwks } = row;
  const common = { client_id: id, client_name: name };
  // An app that a person has on their own device keeps no secret: its code is bound to its verifier alone.
  const proof =
    jwks === null
      ? { token_endpoint_auth_method: 'none' as const }
      : {
          token_endpoint_auth_method: 'private_key_jwt' as const,
          jwks: { keys: jwks.keys.map((key) => ({ ...key })) },
        };
  if (kind === 'program')
    return {
      ...common,
      ...proof,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    };
  const isOnDevice = redirect_uris.some((uri) => !/^https?:/.test(uri));
  const byCode = redirect_uris.length > 0;
  return {
    ...common,
    ...proof,
    application_type: isOnDevice ? 'native' : 'web',
    // By a code that a stranger sends on, an app that has an address of its own would be let in for the stranger.
    grant_types: [byCode ? 'authorization_code' : DEVICE_GRANT, 'refresh_token'],
    response_types: byCode ? ['code'] : [],
    redirect_uris: [...redirect_uris],
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
        user_code_hash: payload.userCode === undefined ? null : sha256(payload.userCode),
        sealed: seal.seal(clear, artifactContext(kind, idHash)),
        expires_at: expiresIn === undefined ? null : new Date(nowMs() + expiresIn * 1000),
      });
    },
    async find(id) {
      const key = keyOf(id);
      return opened(await store.readArtifact(sql, { ...key, now: new Date(nowMs()) }));
    },
    async findByUserCode(code) {
      const now = new Date(nowMs());
      return opened(await store.artifactByUserCode(sql, { kind, codeHash: sha256(code), now }));
    },
    /** Once, whoever comes first: two who hold the same code are a person and a thief. */
    async consume(id) {
      const isFirst = await store.consumeArtifact(sql, { ...keyOf(id), now: new Date(nowMs()) });
      if (!isFirst) throw new errors.InvalidGrant('already used');
    },
    async destroy(id) {
      await store.deleteArtifact(sql, keyOf(id));
      if (kind === 'Grant') await deleteGrant(sql, sha256(id));
      onGone();
    },
    async revokeByGrantId(grantId) {
      await store.deleteArtifactsOf(sql, kind, sha256(grantId));
      onGone();
    },
    // No sign-in of the provider's own is ever found again: our session is asked each time.
    findByUid: async () => undefined,
  };

  function opened(row: store.FoundArtifact | undefined): AdapterPayload | undefined {
    const clear = row && seal.open(row.sealed, artifactContext(kind, row.id_hash));
    // What does not open is not there: its holder asks for another.
    if (row === undefined || clear?.ok !== true) return undefined;
    const payload = JSON.parse(new TextDecoder().decode(clear.value)) as AdapterPayload;
    return row.consumed_at === null ? payload : { ...payload, consumed: true };
  }
}
