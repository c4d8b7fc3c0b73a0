/** A person of a test: made by the administrator, comes in by their link, signs in. */
import type { SignInLink } from '@ausculta/contract/accounts';
import type { ServerUnderTest } from './server.ts';

export const PASSWORD = 'correct horse battery staple';

export interface Person {
  readonly id: string;
  readonly loginName: string;
  /** As their browser sends them. */
  readonly headers: Record<string, string>;
}

export const cookieOf = (response: Response): string =>
  response.headers.getSetCookie()[0]?.split(';')[0] ?? '';

/** As a page of the server's own asks, with the session that it has. */
export function askAs(
  server: ServerUnderTest,
  cookie: string,
  path: string,
  ask: { readonly method?: string; readonly body?: unknown } = {},
): Promise<Response> {
  const { method = ask.body === undefined ? 'GET' : 'POST', body } = ask;
  const json = body === undefined ? {} : { 'content-type': 'application/json' };
  return fetch(`${server.url}${path}`, {
    method,
    headers: { cookie, origin: server.url, ...json },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

export const tokenOf = ({ path }: Pick<SignInLink, 'path'>): string => path.split('#')[1] ?? '';

export async function signIn(
  server: ServerUnderTest,
  loginName: string,
  shown: { readonly password?: string; readonly code?: string } = {},
): Promise<Response> {
  const body = { loginName, password: PASSWORD, ...shown };
  return await askAs(server, '', '/api/session', { body });
}

/** The account that the first start has made, with a password. */
export async function administrator(server: ServerUnderTest): Promise<Person> {
  const { accounts } = await server.get<{ accounts: { id: string; loginName: string }[] }>(
    '/api/accounts',
  );
  const id = accounts.find(({ loginName }) => loginName === 'admin')?.id ?? '';
  const link = await server.post<SignInLink>(`/api/accounts/${id}/link`, {});
  return await comeIn(server, link);
}

export async function addPerson(
  server: ServerUnderTest,
  loginName: string,
  roles: readonly string[],
): Promise<Person> {
  const wanted = { loginName, displayName: `Person ${loginName}`, roles };
  return await comeIn(server, await server.post<SignInLink>('/api/accounts', wanted));
}

async function comeIn(server: ServerUnderTest, link: SignInLink): Promise<Person> {
  const body = { token: tokenOf(link), password: PASSWORD };
  const response = await askAs(server, '', '/api/sign-in-link', { body });
  if (response.status !== 204) throw new Error(`the link: ${response.status}`);
  const { id, loginName } = link.account;
  return { id, loginName, headers: { cookie: cookieOf(response), origin: server.url } };
}
