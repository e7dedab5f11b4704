import { Body, Controller, Get, Param, Patch, Put, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { MerchantSettings } from '#core/tenancy';
import { Settings } from '../onboarding/settings.js';
import { Needs } from './access.js';
import { ApiIfMatch, ApiProblems, ApiResource } from './api-docs.js';
import { IfMatch, withEtag } from './etag.js';
import { SettingsDto } from './settings.dto.js';

@ApiResource('Settings')
@Controller('v1/merchants/:merchantId/settings')
export class SettingsController {
  constructor(private readonly settings: Settings) {}

  @Get()
  @Needs('merchants:read')
  @ApiOperation({
    summary: 'What the merchant has chosen, in sections',
    description: 'With its ETag; nothing chosen yet is `{}` with the ETag `"0"`.',
  })
  @ApiProblems(404)
  @ApiOkResponse({ type: SettingsDto })
  async find(
    @Param('merchantId') merchantId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MerchantSettings> {
    const { document, version } = await this.settings.find(merchantId);
    return withEtag(reply, version, document);
  }

  @Put()
  @Needs('merchants:write')
  @ApiOperation({ summary: 'Replace all sections' })
  @ApiIfMatch()
  @ApiProblems(404, 409)
  @ApiOkResponse({ type: SettingsDto })
  put(
    @Param('merchantId') merchantId: string,
    @IfMatch() ifMatch: string,
    @Body() body: SettingsDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MerchantSettings> {
    return this.store(merchantId, ifMatch, reply, () => body);
  }

  @Patch()
  @Needs('merchants:write')
  @ApiOperation({ summary: 'Replace the sections that are named' })
  @ApiIfMatch()
  @ApiProblems(404, 409)
  @ApiOkResponse({ type: SettingsDto })
  patch(
    @Param('merchantId') merchantId: string,
    @IfMatch() ifMatch: string,
    @Body() body: SettingsDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MerchantSettings> {
    const named = Object.fromEntries(Object.entries(body).filter(([, section]) => section !== undefined));
    return this.store(merchantId, ifMatch, reply, (present) => ({ ...present, ...named }));
  }

  private async store(
    merchantId: string,
    ifMatch: string,
    reply: FastifyReply,
    change: (present: MerchantSettings) => MerchantSettings,
  ): Promise<MerchantSettings> {
    const { document, version } = await this.settings.store(merchantId, ifMatch, change);
    return withEtag(reply, version, document);
  }
}
