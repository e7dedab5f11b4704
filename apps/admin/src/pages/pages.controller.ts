import { Body, Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DataSource } from 'typeorm';
import { LANES } from '#contracts';
import { MerchantEntity } from '#persistence';
import { Public } from '../auth/access.js';
import { sessionCookie } from '../auth/session.js';
import { Sessions } from '../auth/sessions.js';
import { DeadLetters } from '../operations/dead-letters.js';
import { homePage, ICON, loginPage, STYLE } from './pages.js';

const HTML = 'text/html; charset=utf-8';
const MOST_COUNTED = 1_000;

/** The console's own pages: sign in, sign out, and where to go. */
@ApiExcludeController()
@Public()
@Controller()
export class PagesController {
  constructor(
    private readonly sessions: Sessions,
    private readonly letters: DeadLetters,
    private readonly database: DataSource,
  ) {}

  @Get()
  async home(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    if (!(await this.sessions.operator(request))) {
      await reply.redirect('/login', 303);
      return;
    }
    const deadLetters = await this.letters.count(MOST_COUNTED);
    const page = homePage({
      merchants: await this.database.manager.count(MerchantEntity),
      deadLetters,
      more: deadLetters === MOST_COUNTED,
      queues: LANES.length,
    });
    await reply.type(HTML).send(page);
  }

  @Get('login')
  async form(@Query('next') next: unknown, @Res() reply: FastifyReply): Promise<void> {
    await reply.type(HTML).send(loginPage({ next: safeNext(next) }));
  }

  @Post('login')
  async login(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { key, next: wanted } = (body ?? {}) as { key?: unknown; next?: unknown };
    const next = safeNext(wanted);
    const given = typeof key === 'string' ? key.trim().slice(0, 512) : '';
    const result = await this.sessions.open(given, request.protocol === 'https');
    switch (result.outcome) {
      case 'opened':
        await reply.header('set-cookie', result.cookie).redirect(next, 303);
        return;
      case 'refused':
        await reply
          .status(401)
          .type(HTML)
          .send(loginPage({ next, message: result.message }));
        return;
      case 'too-many':
        await reply
          .status(429)
          .type(HTML)
          .send(loginPage({ next, message: 'Too many wrong keys just now. Wait a minute and try again.' }));
    }
  }

  @Post('logout')
  async logout(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const cookie = sessionCookie('', 0, request.protocol === 'https');
    await reply.header('set-cookie', cookie).redirect('/login', 303);
  }

  @Get('assets/admin.css')
  async style(@Res() reply: FastifyReply): Promise<void> {
    await reply.type('text/css; charset=utf-8').header('cache-control', 'public, max-age=300').send(STYLE);
  }

  @Get('assets/icon.svg')
  async icon(@Res() reply: FastifyReply): Promise<void> {
    await reply.type('image/svg+xml').header('cache-control', 'public, max-age=86400').send(ICON);
  }
}

/** Only pages of this console: a link to sign in must not lead anywhere else. */
function safeNext(next: unknown): string {
  return typeof next === 'string' && /^\/queues(\/[\w./?=&%-]*)?$/.test(next) ? next : '/';
}
