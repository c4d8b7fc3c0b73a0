/** The routes of apps that people let in, each with something to answer. */

type Json = Record<string, unknown>;

interface Walking {
  readonly name: string;
  readonly subjectId: string;
  readonly ask: (
    route: string,
    said?: { readonly params?: Readonly<Record<string, string>>; readonly body?: unknown },
  ) => Promise<Json>;
}

const SCOPE = 'launch launch/patient patient/*.rs offline_access';

export async function walkApps(url: string, { name, subjectId, ask }: Walking): Promise<void> {
  const launchUrl = 'https://app.example/launch';
  const app = { kind: 'app', name, scope: SCOPE, redirectUris: [], launchUrl };
  const { id } = await ask('POST /api/clients', { body: app });
  await ask('GET /api/apps');
  await ask('POST /api/launches', { body: { clientId: id, subjectId } });
  const code = await codeShown(url, String(id));
  const { words } = await ask('POST /api/device-codes/look', { body: { code } });
  await ask('POST /api/device-codes/grant', { body: { code, words, subjectId } });
  const other = { code: await codeShown(url, String(id)) };
  await ask('POST /api/device-codes/refusal', { body: other });
  const { apps } = await ask('GET /api/me/apps');
  const [mine] = apps as { id: string }[];
  await ask('DELETE /api/me/apps/:id', { params: { id: String(mine?.id) } });
}

async function codeShown(url: string, clientId: string): Promise<string> {
  const body = new URLSearchParams({ client_id: clientId, scope: SCOPE });
  const response = await fetch(`${url}/oidc/device-authorization`, { method: 'POST', body });
  return ((await response.json()) as { user_code: string }).user_code;
}
