import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Put } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ENV } from '#platform';
import { Needs } from '../auth/access.js';
import type { AdminEnv } from '../env.js';
import { ApiProblems, ApiResource } from '../http/api-docs.js';
import { fieldProblem } from '../http/problem.js';
import { MetaAppList, MetaAppView, PutMetaApp } from './meta-apps.dto.js';
import { MetaApps } from './meta-apps.js';

@ApiResource('Meta apps')
@Controller('v1/merchants/:merchantId/meta-apps')
export class MetaAppsController {
  constructor(
    private readonly apps: MetaApps,
    @Inject(ENV) private readonly env: AdminEnv,
  ) {}

  @Put(':app')
  @Needs('merchants:write')
  @ApiOperation({
    summary: "Bring a Meta app of the merchant's own, or replace its secrets",
    description: 'Its webhooks go to the address in the answer, and count for this merchant only.',
  })
  @ApiProblems(404, 422)
  @ApiOkResponse({ type: MetaAppView })
  async put(
    @Param('merchantId') merchantId: string,
    @Param('app') app: string,
    @Body() body: PutMetaApp,
  ): Promise<MetaAppView> {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(app)) {
      const detail = 'app must be 1 to 64 letters, digits, hyphens or underscores';
      throw fieldProblem([{ field: 'app', rule: 'matches', detail }]);
    }
    return MetaAppView.of(await this.apps.put(merchantId, app, body), this.env.PUBLIC_GATEWAY_URL);
  }

  @Get()
  @Needs('merchants:read')
  @ApiOperation({ summary: "The merchant's own Meta apps" })
  @ApiProblems(404)
  @ApiOkResponse({ type: MetaAppList })
  async list(@Param('merchantId') merchantId: string): Promise<MetaAppList> {
    const rows = await this.apps.list(merchantId);
    return { items: rows.map((row) => MetaAppView.of(row, this.env.PUBLIC_GATEWAY_URL)) };
  }

  @Delete(':app')
  @Needs('merchants:write')
  @HttpCode(204)
  @ApiOperation({ summary: 'Take a Meta app away', description: 'Its webhooks are refused from then on.' })
  @ApiProblems(404)
  @ApiNoContentResponse()
  async remove(@Param('merchantId') merchantId: string, @Param('app') app: string): Promise<void> {
    await this.apps.remove(merchantId, app);
  }
}
