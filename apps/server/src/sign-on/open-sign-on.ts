/** The providers of the operator's list, each of one organisation. */
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import type { OrganisationId } from '@ausculta/vitals/identity';
import { errorCode, StartProblem } from '../database/start-problem.ts';
import { Outgoing } from '../outgoing/outgoing.ts';
import type { Outside } from '../outside.ts';
import { readOrganisations } from '../people/store.ts';
import { ProviderClient } from './provider-client.ts';
import { type ProviderSettings, readProviders } from './settings.ts';
import { type Provider, SignOn, type SignOnPorts } from './sign-on.ts';

const READS = { reads: 'whole', connectionsMax: 4 } as const;

interface Given extends SignOnPorts {
  readonly file: string | undefined;
  readonly after: Outside['after'];
  readonly onProblem: Outside['onProblem'];
}

export async function openSignOn({ file, ...given }: Given): Promise<SignOn> {
  const listed = file === undefined ? [] : readList(file);
  const organisations = listed.length === 0 ? [] : await readOrganisations(given.sql);
  const ids = organisations.map(({ id }) => id);
  const providers = listed.map((settings): Provider => {
    readText(settings.credentials.file, `credentials.file of ${settings.name}`);
    const { nowMs, after, onProblem } = given;
    const rules = { prefixes: [], mayBePrivate: settings.private };
    const outgoing = new Outgoing({ rules, resolve: lookup, after, ...READS });
    const client = new ProviderClient({ settings, outgoing, nowMs, onProblem });
    return { client, organisationId: organisationOf(settings, ids) };
  });
  return new SignOn(given, providers);
}

function organisationOf(
  { name, organisation }: ProviderSettings,
  ids: readonly OrganisationId[],
): OrganisationId {
  const found = organisation === undefined ? ids : ids.filter((id) => id === organisation);
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  throw unusable(`${name}: organisation is to be the id of one that is here`);
}

function readList(file: string): readonly ProviderSettings[] {
  const list = readProviders(readText(file, 'AUSCULTA_SIGN_ON'));
  if (typeof list !== 'string') return list;
  throw unusable(list);
}

/** Now, so that a file that is missing is found before somebody stands before it. */
function readText(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const why = `${what} names a file that cannot be read (${errorCode(cause)}). Mend it.`;
    throw new StartProblem('SIGN_ON_UNUSABLE', why, cause);
  }
}

const unusable = (why: string) =>
  new StartProblem(
    'SIGN_ON_UNUSABLE',
    `The list in AUSCULTA_SIGN_ON cannot be used: ${why}. Mend it.`,
  );
