/** Between a driver and PostgreSQL: the first connections are lost at the first question that they are asked. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Connection } from '../../apps/server/src/database/connection.ts';

/** PostgreSQL is ready for a question. */
const READY = Buffer.from('5a0000000549', 'hex');

export interface CuttingProxy extends AsyncDisposable {
  readonly port: number;
  /** As many were lost so far. */
  readonly cuts: () => number;
}

export async function cuttingProxy(
  { host, port }: Connection,
  cutsMax: number,
): Promise<CuttingProxy> {
  let cuts = 0;
  const open = new Set<Socket>();
  const proxy = createServer((driver) => {
    const postgres = connect(
      host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port },
    );
    let isReady = false;
    const end = (): void => {
      for (const side of [driver, postgres]) {
        side.destroy();
        open.delete(side);
      }
    };
    for (const side of [driver, postgres]) {
      open.add(side);
      side.on('error', end).on('close', end);
    }
    postgres.on('data', (bytes) => {
      isReady ||= bytes.includes(READY);
      driver.write(bytes);
    });
    driver.on('data', (bytes) => {
      if (!isReady || cuts === cutsMax) {
        postgres.write(bytes);
        return;
      }
      cuts += 1;
      // As when PostgreSQL is killed: bytes that it had not read are a reset, not an end.
      driver.resetAndDestroy();
      end();
    });
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (proxy.address() as AddressInfo).port,
    cuts: () => cuts,
    async [Symbol.asyncDispose]() {
      for (const side of open) side.destroy();
      await once(proxy.close(), 'close');
    },
  };
}
