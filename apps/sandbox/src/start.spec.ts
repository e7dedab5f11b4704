import { loadEnv } from '#platform';
import { SandboxEnv } from './env.js';
import { startSandbox } from './start.js';

describe('the sandbox', () => {
  it.each([{ NODE_ENV: 'production' }, {}])('does not start in production: %j', async (given) => {
    const start = startSandbox(loadEnv(SandboxEnv, { PORT: '0', LOG_LEVEL: 'silent', ...given }));
    await expect(start).rejects.toThrow(/^the sandbox is for development and tests/);
  });

  it('listens on this machine only, unless it is told otherwise', async () => {
    expect(loadEnv(SandboxEnv, { NODE_ENV: 'test' }).WACO_HOST).toBe('127.0.0.1');
  });
});
