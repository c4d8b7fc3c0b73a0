/** The description of the API as a page: no script, nothing from elsewhere. */
import type { ApiDocument, DescribedOperation } from './document.ts';

const SIGNS: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => SIGNS[sign] ?? sign);

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 2rem 1rem; color-scheme: light dark; }
summary { cursor: pointer; padding: .25rem 0; }
code, pre { font-family: ui-monospace, monospace; font-size: .875rem; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid; border-radius: .25rem; }`;

export function apiPage(document: ApiDocument): string {
  const { info, tags } = document;
  const sections = tags.map(({ name, description }) => {
    const own = operationsOf(document).filter(({ operation }) => operation.tags.includes(name));
    return `<h2>${escaped(description)}</h2>${own.map(asDetails).join('')}`;
  });
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(info.title)}: the API</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${STYLE}</style></head><body><main>
<h1>${escaped(info.title)} ${escaped(info.version)}: the API</h1><p>${escaped(info.description)}</p>
<p>For programs: <a href="/api/openapi.json">openapi.json</a>.</p>${sections.join('')}</main></body></html>`;
}

interface Placed {
  readonly method: string;
  readonly path: string;
  readonly operation: DescribedOperation;
}

function operationsOf({ paths }: ApiDocument): Placed[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
    })),
  );
}

function asDetails({ method, path, operation }: Placed): string {
  const { summary, description, parameters, requestBody, responses } = operation;
  const parts = Object.entries({ parameters, requestBody, responses })
    .filter(([, part]) => part !== undefined)
    .map(([name, part]) => `<h3>${name}</h3><pre>${escaped(JSON.stringify(part, null, 2))}</pre>`);
  return `<details><summary><code>${method} ${escaped(path)}</code> ${escaped(summary)}</summary>
<p>${escaped(description)}</p>${parts.join('')}</details>`;
}
