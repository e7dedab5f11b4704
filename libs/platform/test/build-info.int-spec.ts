import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { BaseEnv, bootService, HealthModule, loadEnv, PlatformModule } from '#platform';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

@Module({})
class EmptyModule {}

/** A service with nothing but the platform's own rooms, listening on a free port. */
async function start(settings: Record<string, string>): Promise<NestFastifyApplication> {
  const env = loadEnv(BaseEnv, { NODE_ENV: 'test', LOG_LEVEL: 'silent', PORT: '0', ...settings });
  return bootService({
    service: 'checkout',
    module: {
      module: EmptyModule,
      imports: [PlatformModule.forRoot({ service: 'checkout', env }), HealthModule.forRoot({ checks: [] })],
    },
    env,
  });
}

describe.each<[name: string, settings: Record<string, string>, commit: { commit?: string }]>([
  ['that was told its commit', { WACO_COMMIT: '4fa7fe2' }, { commit: '4fa7fe2' }],
  // An image that was built without the argument has an empty variable.
  ['that was told none', { WACO_COMMIT: '' }, {}],
])('a service %s', (_, settings, commit) => {
  let app: NestFastifyApplication;
  let url: string;

  beforeAll(async () => {
    app = await start(settings);
    url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  });
  afterAll(() => app.close());

  it('tells by /health which build of which service it is', async () => {
    const answer = await fetch(`${url}/health`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ status: 'ok', service: 'checkout', version, ...commit });
  });

  it('tells the same by a metric', async () => {
    const text = await (await fetch(`${url}/metrics`)).text();
    const label = commit.commit ?? '';
    expect(text).toContain(`waco_build_info{service="checkout",version="${version}",commit="${label}"} 1\n`);
  });
});
