import type { AddressInfo } from 'node:net';
import { BadRequestException, Controller, Get, Module, Param, Post, Query, Res } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { BaseEnv, bootService, HealthModule, loadEnv, PlatformModule, type ReadinessCheck } from '#platform';

const WORD = 'zq83hs1';
const AWAY = Symbol('AWAY');

@Controller()
class Rooms {
  @Get('broken/:word')
  broken(@Param('word') word: string): never {
    throw new Error(`cannot use ${word}`);
  }

  @Get('refused/:word')
  refused(@Param('word') word: string): never {
    throw new BadRequestException({ message: [`${word} is no number`], word });
  }

  @Get('odd')
  odd(@Query('word') word: string): never {
    throw Object.assign(new Error(word), { statusCode: 418, expose: true, status: 418 });
  }

  @Get('page')
  async page(@Res() reply: FastifyReply): Promise<void> {
    await reply
      .headers({ 'Content-Security-Policy': "default-src 'self'", 'cache-control': 'no-cache' })
      .send('<p>');
  }

  @Get('empty')
  empty(): void {}

  @Post('taken')
  taken(): { ok: true } {
    return { ok: true };
  }
}

const away: ReadinessCheck = { name: 'database', check: () => Promise.reject(new Error(`no ${WORD}`)) };

@Module({ providers: [{ provide: AWAY, useValue: away }], exports: [AWAY] })
class AwayModule {}

@Module({ controllers: [Rooms] })
class TestModule {}

describe('the answers of a service', () => {
  let app: NestFastifyApplication;
  let url: string;

  beforeAll(async () => {
    const env = loadEnv(BaseEnv, { NODE_ENV: 'test', LOG_LEVEL: 'silent', PORT: '0' });
    app = await bootService({
      service: 'conversation',
      module: {
        module: TestModule,
        imports: [
          PlatformModule.forRoot({ service: 'test', env }),
          HealthModule.forRoot({ imports: [{ module: AwayModule }], checks: [AWAY] }),
        ],
      },
      env,
      bodyLimit: 100,
    });
    url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  });

  afterAll(() => app.close());

  const GUARDS = {
    'content-security-policy':
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  };
  const json = { 'content-type': 'application/json' };

  it.each<[code: string, status: number, path: string, init: RequestInit]>([
    ['internal', 500, `/broken/${WORD}`, {}],
    ['bad_request', 400, `/refused/${WORD}`, {}],
    ['error', 418, `/odd?word=${WORD}`, {}],
    ['not_found', 404, `/nowhere/${WORD}`, {}],
    ['bad_address', 400, `/${WORD}/%E0%A4%A`, {}],
    ['bad_address', 414, `/broken/${WORD.repeat(200)}`, {}],
    ['bad_request', 400, '/taken', { method: 'POST', headers: json, body: `{"${WORD}` }],
    ['body_too_large', 413, '/taken', { method: 'POST', headers: json, body: `"${WORD.repeat(20)}"` }],
    [
      'unsupported_media_type',
      415,
      '/taken',
      { method: 'POST', headers: { 'content-type': `a/${WORD}` }, body: WORD },
    ],
    ['unavailable', 503, '/health/ready', {}],
  ])('as %s, %i, are problems that repeat nothing', async (code, status, path, init) => {
    const answer = await fetch(url + path, init);
    const text = await answer.text();
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(JSON.parse(text)).toMatchObject({ type: 'about:blank', status, code });
    expect(text + JSON.stringify([...answer.headers])).not.toContain(WORD);
    expect(Object.fromEntries(answer.headers)).toMatchObject(GUARDS);
  });

  it('say by name what is not ready', async () => {
    const answer = await fetch(`${url}/health/ready`);
    expect(await answer.json()).toMatchObject({ failing: ['database'] });
  });

  it('are guarded when all is well, and leave to a page what it says itself', async () => {
    for (const path of ['/health', '/health/live', '/metrics']) {
      expect(Object.fromEntries((await fetch(url + path)).headers)).toMatchObject(GUARDS);
    }
    const { headers } = await fetch(`${url}/page`);
    expect(Object.fromEntries(headers)).toMatchObject({
      ...GUARDS,
      'content-security-policy': "default-src 'self'",
      'cache-control': 'no-cache',
    });
  });

  it('carry no guards where there is nothing in them, as those to webhooks', async () => {
    const { headers } = await fetch(`${url}/empty`);
    expect(headers.get('content-length')).toBe('0');
    expect(headers.has('content-security-policy')).toBe(false);
  });
});
