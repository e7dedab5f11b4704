import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Put, Query, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ENV } from '#platform';
import { fromCursor } from '../cursors.js';
import type { AdminEnv } from '../env.js';
import { Needs } from '../http/access.js';
import { ApiIfMatch, ApiProblems, ApiResource } from '../http/api-docs.js';
import { MaybeIfMatch, withEtag } from '../http/etag.js';
import { page, PageQuery } from '../http/page.dto.js';
import { MetaAppPage, MetaAppParams, MetaAppView, PutMetaApp } from './meta-apps.dto.js';
import { MetaApps, showMetaApp, type MetaAppRow } from './meta-apps.js';

@ApiResource('Meta apps')
@Controller('v1/merchants/:merchantId/meta-apps')
export class MetaAppsController {
  constructor(
    private readonly apps: MetaApps,
    @Inject(ENV) private readonly env: AdminEnv,
  ) {}

  @Get()
  @Needs('merchants:read')
  @ApiOperation({ summary: "The merchant's own Meta apps, oldest first" })
  @ApiProblems(404)
  @ApiOkResponse({ type: MetaAppPage })
  async list(@Param('merchantId') merchantId: string, @Query() query: PageQuery): Promise<MetaAppPage> {
    const rows = await this.apps.list(merchantId, query.limit, fromCursor(query.cursor));
    return page(
      rows,
      query.limit,
      (row) => row.id,
      (row) => this.view(row),
    );
  }

  @Put(':app')
  @Needs('merchants:write')
  @ApiOperation({
    summary: "Bring a Meta app of the merchant's own, or replace its secrets",
    description:
      'Its webhooks go to the address in the answer, and count for this merchant only. A new one needs no `If-Match`.',
  })
  @ApiIfMatch({ required: false })
  @ApiProblems(404, 409, 422)
  @ApiOkResponse({ type: MetaAppView })
  async put(
    @Param() { merchantId, app }: MetaAppParams,
    @MaybeIfMatch() ifMatch: string | undefined,
    @Body() body: PutMetaApp,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MetaAppView> {
    return this.tagged(reply, await this.apps.put(merchantId, app, body, ifMatch));
  }

  @Get(':app')
  @Needs('merchants:read')
  @ApiOperation({ summary: 'One Meta app', description: 'With its ETag.' })
  @ApiProblems(404)
  @ApiOkResponse({ type: MetaAppView })
  async find(
    @Param() { merchantId, app }: MetaAppParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MetaAppView> {
    return this.tagged(reply, await this.apps.find(merchantId, app));
  }

  @Delete(':app')
  @Needs('merchants:write')
  @HttpCode(204)
  @ApiOperation({ summary: 'Take a Meta app away', description: 'Its webhooks are refused from then on.' })
  @ApiIfMatch()
  @ApiProblems(404, 409)
  @ApiNoContentResponse()
  async remove(
    @Param() { merchantId, app }: MetaAppParams,
    @MaybeIfMatch() ifMatch: string | undefined,
  ): Promise<void> {
    await this.apps.remove(merchantId, app, ifMatch);
  }

  private view(row: MetaAppRow): MetaAppView {
    return showMetaApp(row, this.env.PUBLIC_GATEWAY_URL);
  }

  private tagged(reply: FastifyReply, row: MetaAppRow): MetaAppView {
    return withEtag(reply, row.version, this.view(row));
  }
}
