/** The routes of signing on elsewhere; this server has no provider, so each says that there is none. */

type Ask = (
  route: string,
  said?: { readonly as?: 'nobody'; readonly body?: unknown; readonly query?: string },
) => Promise<unknown>;

export async function walkSignOn(ask: Ask): Promise<void> {
  await ask('GET /api/me/sign-on');
  await ask('POST /api/me/sign-on/:provider/begin');
  await ask('DELETE /api/me/sign-on/:provider');
  await ask('GET /api/session/proof/sign-on');
  await ask('POST /api/session/proof/sign-on/:provider');
  await ask('POST /api/sign-on/:provider/begin', { as: 'nobody', body: {} });
  await ask('GET /api/sign-on/:provider/back', { as: 'nobody', query: '?state=x' });
}
