import { startTestServer, type TestServer } from './postgres-server.ts';

/**
 * For `node --test --test-global-setup=tests/support/global-setup.ts`: one PostgreSQL for the whole
 * run, handed to the test processes by their environment.
 */
let server: TestServer | undefined;

export async function globalSetup(): Promise<void> {
  server = await startTestServer();
  process.env.AUSCULTA_TEST_POSTGRES = JSON.stringify(server.places);
}

export async function globalTeardown(): Promise<void> {
  await server?.[Symbol.asyncDispose]();
}
