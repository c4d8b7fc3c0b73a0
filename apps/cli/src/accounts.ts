import { AccountList, AccountView, SignInLink } from '@ausculta/contract/accounts';
import type { Command } from './command.ts';
import { ageInWords, type Output, writeJson, writeJsonLines, writeTable } from './output.ts';
import { CommandProblem, EXIT } from './problem.ts';
import type { ServerClient } from './server-client.ts';

export const ACCOUNTS_LIST: Command = {
  name: 'accounts list',
  words: [],
  options: {},
  usage: 'accounts list',
  help: 'Who may sign in, with which roles',
  async run(_, { client, out, nowMs }) {
    const { accounts } = await client.get('/api/accounts', AccountList);
    if (out.asJson) return writeJsonLines(out, accounts);
    const rows = accounts.map((account) => [
      account.loginName,
      account.displayName,
      account.roles.join(', '),
      proofsOf(account),
      account.lastSeenAt === null ? '' : ageInWords(nowMs - Date.parse(account.lastSeenAt)),
      stateOf(account),
    ]);
    writeTable(out, ['login', 'name', 'roles', 'signs in by', 'seen', ''], rows);
  },
};

export const ACCOUNTS_ADD: Command = {
  name: 'accounts add',
  words: ['LOGIN'],
  options: { name: { type: 'string' }, roles: { type: 'string' } },
  needed: ['name', 'roles'],
  usage: 'accounts add LOGIN --name "Joy Okafor" --roles nurse,physician',
  help: 'Makes an account, and prints the link by which its owner chooses a password',
  async run({ words, options }, { client, out }) {
    const wanted = {
      loginName: words[0] ?? '',
      displayName: options['name'],
      roles: listOf(options['roles']),
    };
    const link = await client.post('/api/accounts', wanted, SignInLink);
    writeLink(out, link, client);
  },
};

export const ACCOUNTS_ROLES: Command = {
  name: 'accounts roles',
  words: ['LOGIN', 'ROLES'],
  options: {},
  usage: 'accounts roles LOGIN nurse,administrator',
  help: 'Gives an account these roles in place of those it has',
  async run({ words: [login = '', roles] }, { client, out }) {
    const { id } = await findAccount(client, login);
    const body = { roles: listOf(roles) };
    const account = await client.post(`/api/accounts/${id}/roles`, body, AccountView);
    if (out.asJson) return writeJson(out, account);
    out.line(`${account.loginName}: ${account.roles.join(', ')}`);
  },
};

export const ACCOUNTS_DISABLE: Command = {
  name: 'accounts disable',
  words: ['LOGIN'],
  options: {},
  usage: 'accounts disable LOGIN',
  help: 'Ends all sessions of an account at once; nobody signs in under it until it is enabled',
  async run({ words: [login = ''] }, { client, out }) {
    await setUse({ client, out }, login, 'disable');
  },
};

export const ACCOUNTS_ENABLE: Command = {
  name: 'accounts enable',
  words: ['LOGIN'],
  options: {},
  usage: 'accounts enable LOGIN',
  help: 'Takes an account back into use',
  async run({ words: [login = ''] }, { client, out }) {
    await setUse({ client, out }, login, 'enable');
  },
};

export const ACCOUNTS_LINK: Command = {
  name: 'accounts link',
  words: ['LOGIN'],
  options: { 'new-factor': { type: 'boolean' } },
  usage: 'accounts link LOGIN [--new-factor]',
  help: 'Prints a link for whoever lost the password; with --new-factor the second factor, passkeys and accounts elsewhere as well',
  async run({ words: [login = ''], options }, { client, out }) {
    const { id } = await findAccount(client, login);
    const body = { resetsFactors: options['new-factor'] !== undefined };
    writeLink(out, await client.post(`/api/accounts/${id}/link`, body, SignInLink), client);
  },
};

async function setUse(
  { client, out }: { readonly client: ServerClient; readonly out: Output },
  login: string,
  act: 'disable' | 'enable',
): Promise<void> {
  const { id } = await findAccount(client, login);
  const account = await client.post(`/api/accounts/${id}/${act}`, {}, AccountView);
  if (out.asJson) return writeJson(out, account);
  out.line(`${account.loginName} is ${account.isDisabled ? 'out of use' : 'in use'}.`);
}

function writeLink(out: Output, link: SignInLink, { address }: ServerClient): void {
  const url = `${address}${link.path}`;
  if (out.asJson) {
    writeJson(out, { ...link, url });
    return;
  }
  out.line(`${link.account.loginName} chooses a password at this address:`);
  out.line('');
  out.line(`  ${url}`);
  out.line('');
  out.line(`It works once, until ${link.expiresAt}, for whoever has it: give it to nobody else.`);
}

async function findAccount(client: ServerClient, login: string): Promise<AccountView> {
  const { accounts } = await client.get('/api/accounts', AccountList);
  const found = accounts.find(({ loginName }) => loginName === login);
  if (found !== undefined) return found;
  throw new CommandProblem(
    EXIT.REFUSED,
    'nobody has this login name: npx ausculta accounts list shows them.',
  );
}

const listOf = (words: string | undefined): string[] =>
  (words ?? '').split(/[\s,]+/).filter((word) => word !== '');

function proofsOf({ hasPassword, hasSecondFactor, passkeys, signOnIssuers }: AccountView): string {
  const ways = [
    ...(hasPassword ? [hasSecondFactor ? 'password and code' : 'password'] : []),
    ...(passkeys > 0 ? ['passkey'] : []),
    ...signOnIssuers,
  ];
  return ways.join(', ');
}

function stateOf({ isDisabled, hasPassword, passkeys, signOnIssuers }: AccountView): string {
  if (isDisabled) return 'out of use';
  const hasCome = hasPassword || passkeys > 0 || signOnIssuers.length > 0;
  return hasCome ? '' : 'has not come in yet';
}
