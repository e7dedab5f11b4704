import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Res } from '@nestjs/common';
import { ApiBody, ApiExtraModels, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Caller } from '#core/tenancy';
import type { StoreConnectionEntity } from '#persistence';
import { ENV } from '#platform';
import { storeOf } from '#vendors';
import type { AdminEnv } from '../env.js';
import { ConnectionTests } from '../onboarding/connection-tests.js';
import { DEFAULT_STORE_KIND, showStore, Stores } from '../onboarding/stores.js';
import { Calling, Needs } from './access.js';
import { ApiIfMatch, ApiProblems, ApiResource } from './api-docs.js';
import { MaybeIfMatch, withTag } from './etag.js';
import { STORE_FORMS, STORE_VIEWS, StoreView } from './stores.dto.js';
import { ConnectionTestView } from './tests.dto.js';
import { checkForm, oneOf } from './vendor-form.js';

const FORMS = [...STORE_FORMS.values()];

@ApiResource('Store')
@ApiExtraModels(...FORMS, ...STORE_VIEWS)
@Controller('v1/merchants/:merchantId/store')
export class StoresController {
  constructor(
    private readonly stores: Stores,
    private readonly tests: ConnectionTests,
    @Inject(ENV) private readonly env: AdminEnv,
  ) {}

  @Put()
  @Needs('merchants:write')
  @ApiOperation({
    summary: 'Connect the shop, or replace its settings',
    description: 'Starts a full catalog sync.',
  })
  @ApiIfMatch({ required: false, asked: false })
  @ApiProblems(404, 409)
  @ApiBody({ schema: oneOf(FORMS) })
  @ApiOkResponse({ schema: oneOf(STORE_VIEWS) })
  async put(
    @Param('merchantId') merchantId: string,
    @Body() body: unknown,
    @Calling() caller: Caller,
    @MaybeIfMatch() ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StoreView> {
    const { kind } = (body ?? {}) as { kind?: unknown };
    // Whether there is such a kind, its rule says.
    const known = typeof kind === 'string' && STORE_FORMS.has(kind) ? kind : DEFAULT_STORE_KIND;
    const [vendor, form] = [storeOf(known), STORE_FORMS.get(known)!];
    const row = await this.stores.putStore(merchantId, await checkForm(vendor, body, form), caller, ifMatch);
    return withTag(reply, row, this.view(row));
  }

  @Get()
  @Needs('merchants:read')
  @ApiOperation({ summary: 'The connected shop', description: 'With its ETag.' })
  @ApiProblems(404)
  @ApiOkResponse({ schema: oneOf(STORE_VIEWS) })
  async find(
    @Param('merchantId') merchantId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StoreView> {
    const row = await this.stores.findStore(merchantId);
    return withTag(reply, row, this.view(row));
  }

  @Post('test')
  @Needs('merchants:write')
  @HttpCode(200)
  @ApiOperation({ summary: 'Ask the shop for its products now, with the stored key' })
  @ApiProblems(404, 409)
  @ApiOkResponse({ type: ConnectionTestView })
  test(@Param('merchantId') merchantId: string): Promise<ConnectionTestView> {
    return this.tests.store(merchantId);
  }

  private view(row: StoreConnectionEntity): StoreView {
    return showStore(row, this.env.PUBLIC_GATEWAY_URL);
  }
}
