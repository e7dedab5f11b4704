import { Controller, Get, Module, Req } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { BaseEnv, bootService, PlatformModule } from '#platform';

@Controller()
class Echo {
  @Get()
  said(@Req() { ip, protocol, host }: FastifyRequest): object {
    return { ip, protocol, host };
  }
}

@Module({})
class EchoModule {}

const SPOOFED = {
  'x-forwarded-for': '203.0.113.9, 198.51.100.7',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'evil.example',
};

/** Address, protocol and host that a service sees of a request from 127.0.0.1 with these headers. */
async function believes(proxies: string | undefined, headers: Record<string, string>) {
  const env = Object.assign(new BaseEnv(), { NODE_ENV: 'test', LOG_LEVEL: 'silent', PORT: 0 });
  if (proxies !== undefined) env.TRUSTED_PROXIES = proxies;
  const app: NestFastifyApplication = await bootService({
    service: 'sandbox',
    module: {
      module: EchoModule,
      imports: [PlatformModule.forRoot({ service: 'echo', env })],
      controllers: [Echo],
    },
    env,
  });
  try {
    const { port } = app.getHttpServer().address() as { port: number };
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers });
    return { ...((await answer.json()) as { ip: string; protocol: string; host: string }), port };
  } finally {
    await app.close();
  }
}

it.each([undefined, '0', '10.0.0.0/8', '192.0.2.1,2001:db8::/32'])(
  'a service believes nothing that a peer forwards which is no proxy of its own: TRUSTED_PROXIES=%s',
  async (proxies) => {
    const { port, ...said } = await believes(proxies, SPOOFED);
    expect(said).toEqual({ ip: '127.0.0.1', protocol: 'http', host: `127.0.0.1:${port}` });
  },
);

it.each([
  ['1', '198.51.100.7'],
  ['127.0.0.1', '198.51.100.7'],
  ['127.0.0.0/8', '198.51.100.7'],
  // The caller itself wrote the addresses further left.
  ['2', '203.0.113.9'],
  ['127.0.0.1, 198.51.100.0/24', '203.0.113.9'],
])('it believes its proxies, and them alone: TRUSTED_PROXIES=%s', async (proxies, ip) => {
  const { port: _, ...said } = await believes(proxies, SPOOFED);
  expect(said).toEqual({ ip, protocol: 'https', host: 'evil.example' });
  const deeper = { ...SPOOFED, 'x-forwarded-for': '192.0.2.1, 203.0.113.9, 198.51.100.7' };
  expect((await believes(proxies, deeper)).ip).toBe(ip);
});

it('a proxy that forwards nothing is the caller', async () => {
  const { ip, protocol } = await believes('1', {});
  expect([ip, protocol]).toEqual(['127.0.0.1', 'http']);
});
