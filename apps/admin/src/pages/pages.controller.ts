import { Body, Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DataSource } from 'typeorm';
import { LANES } from '#contracts';
import { MerchantEntity } from '#persistence';
import { RefusedLogins } from '../auth/refused-logins.js';
import { Sessions } from '../auth/sessions.js';
import { Public } from '../http/access.js';
import { isForeign } from '../http/foreign-origin.js';
import { problem } from '../http/problem.js';
import { DeadLetters } from '../operations/dead-letters.js';
import { homePage, ICON, loginPage, STYLE, type HomePage } from './pages.js';

const HTML = 'text/html; charset=utf-8';
const MOST_COUNTED = 1_000;

/** The console's own pages: sign in, sign out, and where to go. */
@ApiExcludeController()
@Public()
@Controller()
export class PagesController {
  constructor(
    private readonly sessions: Sessions,
    private readonly refused: RefusedLogins,
    private readonly letters: DeadLetters,
    private readonly database: DataSource,
  ) {}

  /** Shows the parts that the scopes of the session's key allow. */
  @Get()
  async home(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visitor = await this.sessions.visitor(request);
    if (visitor.outcome !== 'operator') {
      await reply.redirect('/login', 303);
      return;
    }
    const { scopes } = visitor.caller;
    const page = homePage({
      ...(scopes.includes('merchants:read')
        ? { merchants: await this.database.manager.count(MerchantEntity) }
        : {}),
      ...(scopes.includes('operations:read') ? { operations: await this.operations() } : {}),
    });
    await reply.type(HTML).send(page);
  }

  private async operations(): Promise<NonNullable<HomePage['operations']>> {
    const deadLetters = await this.letters.count(MOST_COUNTED);
    return { queues: LANES.length, deadLetters, more: deadLetters === MOST_COUNTED };
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
    refuseForeign(request);
    const { key, next: wanted } = (body ?? {}) as { key?: unknown; next?: unknown };
    const next = safeNext(wanted);
    const given = typeof key === 'string' ? key.trim().slice(0, 512) : '';
    const result = await this.sessions.open(given, request.headers.cookie);
    if (result.outcome === 'opened') {
      await reply.header('set-cookie', result.cookie).redirect(next, 303);
      return;
    }
    const { why, message } = result;
    await this.refused.note(why, '/login', request.ip);
    await reply
      .status(why === 'too_many' ? 429 : 401)
      .type(HTML)
      .send(loginPage({ next, message }));
  }

  @Post('logout')
  async logout(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    refuseForeign(request);
    const cookie = await this.sessions.close(request.headers.cookie);
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

/** @throws ProblemException 403: nobody is signed in or out by a page of somebody else. */
function refuseForeign(request: FastifyRequest): void {
  if (isForeign(request)) throw problem(403, 'foreign_origin', 'this is taken from this console only');
}

/** Only pages of this console: a link to sign in must not lead anywhere else. */
function safeNext(next: unknown): string {
  return typeof next === 'string' && /^\/queues(\/[\w./?=&%-]*)?$/.test(next) ? next : '/';
}
