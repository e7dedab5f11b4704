import { loadEnv } from '#platform';
import { CatalogSyncEnv, rpcHost } from './env.js';

const settings = {
  NODE_ENV: 'test',
  DATABASE_URL: 'postgres://waco_catalog:secret@localhost/waco',
  QUEUE_URL: 'redis://localhost',
  WACO_MASTER_KEYS: 'k1:key',
};

describe('the RPC of catalog-sync', () => {
  it.each([
    [{}, '127.0.0.1'],
    [{ WACO_HOST: '0.0.0.0' }, '0.0.0.0'],
    [{ WACO_HOST: '0.0.0.0', CATALOG_RPC_HOST: 'catalog-rpc' }, 'catalog-rpc'],
  ])('with %j listens on %s', (given, host) => {
    expect(rpcHost(loadEnv(CatalogSyncEnv, { ...settings, ...given }))).toBe(host);
  });

  it('listens on an address, and on no name of a machine, where all of the service does', () => {
    expect(() => loadEnv(CatalogSyncEnv, { ...settings, WACO_HOST: 'somewhere' })).toThrow(
      'WACO_HOST must be an IP address',
    );
  });
});
