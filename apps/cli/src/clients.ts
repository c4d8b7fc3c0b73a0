import { readFileSync } from 'node:fs';
import { ClientList, ClientView } from '@ausculta/contract/clients';
import type { Command } from './command.ts';
import { writeJson, writeJsonLines, writeTable } from './output.ts';
import { CommandProblem, EXIT } from './problem.ts';

export const CLIENTS_LIST: Command = {
  name: 'clients list',
  words: [],
  options: {},
  usage: 'clients list',
  help: 'Programs and apps of others that may ask for access tokens',
  async run(_, { client, out }) {
    const { clients } = await client.get('/api/clients', ClientList);
    if (out.asJson) return writeJsonLines(out, clients);
    const rows = clients.map(({ id, name, kind, roles, scope, isDisabled }) => [
      id,
      name,
      kind === 'app' ? 'app' : roles.join(', '),
      scope,
      isDisabled ? 'out of use' : '',
    ]);
    writeTable(out, ['client id', 'name', 'roles', 'scope', ''], rows);
  },
};

export const CLIENTS_ADD: Command = {
  name: 'clients add',
  words: ['NAME'],
  options: { roles: { type: 'string' }, scope: { type: 'string' }, jwks: { type: 'string' } },
  needed: ['roles', 'scope', 'jwks'],
  usage: 'clients add NAME --roles nurse --scope "system/Observation.rs" --jwks FILE',
  help: 'Adds a program (SMART Backend Services) with its public keys, and prints its client id',
  async run({ words: [name], options }, { client, out }) {
    const roles = (options['roles'] ?? '').split(/[\s,]+/).filter((word) => word !== '');
    const wanted = { name, roles, scope: options['scope'], jwks: readKeys(options['jwks'] ?? '') };
    const added = await client.post('/api/clients', wanted, ClientView);
    if (out.asJson) return writeJson(out, added);
    out.line(`Added ${added.name}. Its client id: ${added.id}`);
    out.line(`What it has to know: ${client.address}/fhir/R4/.well-known/smart-configuration`);
  },
};

export const CLIENTS_ADD_APP: Command = {
  name: 'clients add-app',
  words: ['NAME'],
  options: {
    scope: { type: 'string' },
    'redirect-uris': { type: 'string' },
    'launch-url': { type: 'string' },
    jwks: { type: 'string' },
  },
  needed: ['scope'],
  usage: 'clients add-app NAME --scope "launch/patient patient/*.rs" --redirect-uris https://…',
  help: 'Adds an app that people let act for them (SMART App Launch), and prints its client id',
  async run({ words: [name], options }, { client, out }) {
    const { scope, jwks, 'launch-url': launchUrl } = options;
    const redirectUris = (options['redirect-uris'] ?? '').split(/[\s,]+/).filter(Boolean);
    const keys = jwks === undefined ? {} : { jwks: readKeys(jwks) };
    const launch = launchUrl === undefined ? {} : { launchUrl };
    const wanted = { kind: 'app', name, scope, redirectUris, ...launch, ...keys };
    const added = await client.post('/api/clients', wanted, ClientView);
    if (out.asJson) return writeJson(out, added);
    out.line(`Added ${added.name}. Its client id: ${added.id}`);
    out.line(`Where it begins (iss): ${client.address}/fhir/R4`);
  },
};

export const CLIENTS_DISABLE: Command = {
  name: 'clients disable',
  words: ['CLIENT'],
  options: {},
  usage: 'clients disable CLIENT',
  help: 'Takes a program out of use: the tokens that it has open nothing any more',
  async run({ words: [id = ''] }, { client, out }) {
    const path = `/api/clients/${encodeURIComponent(id)}/disable`;
    const view = await client.post(path, {}, ClientView);
    if (out.asJson) return writeJson(out, view);
    out.line(`${view.name} is out of use.`);
  },
};

function readKeys(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new CommandProblem(EXIT.USAGE, `${file} holds no JSON: give a file with a JWK set.`);
  }
}
