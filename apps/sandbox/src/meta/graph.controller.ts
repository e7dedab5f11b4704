import { Body, Controller, Delete, Get, HttpCode, Post, Query, Res, UseFilters } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Call, checkVersion, GraphAccess, type GraphCall } from './graph-access.js';
import { GraphError, GraphErrorFilter } from './graph-error.js';
import {
  pageNode,
  phoneNode,
  pick,
  templateNode,
  templatePage,
  wabaNode,
  type TemplateQuery,
} from './graph-nodes.js';
import { GraphMedia } from './graph-media.js';
import { verifyCallback } from './handshake.js';
import { MediaService } from './media.service.js';
import { MetaStore } from './meta-store.js';
import type { Json } from './model.js';
import { SendRoute } from './send-route.js';
import { readObject, readText } from './shape.js';
import { TemplateService } from './template.service.js';

/** The part of the Graph API that a WhatsApp business client uses, under `/graph/v<NN>.0/`. */
@Controller('graph/:version')
@UseFilters(GraphErrorFilter)
export class GraphController {
  constructor(
    private readonly store: MetaStore,
    private readonly access: GraphAccess,
    private readonly sends: SendRoute,
    private readonly templates: TemplateService,
    private readonly media: MediaService,
    private readonly mine: GraphMedia,
  ) {}

  @Post(':id/messages')
  async send(@Call() call: GraphCall, @Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    await this.sends.answer(this.access.openNumber(call), body, reply);
  }

  /** The app that the token was made for. */
  @Get('app')
  app(@Call() call: GraphCall): Json {
    checkVersion(call);
    const [waba] = this.access.accounts(call);
    return { id: waba!.appId, name: 'Sandbox app' };
  }

  /** A page, a medium, a number or an account. */
  @Get(':id')
  node(
    @Call() call: GraphCall,
    @Query('fields') fields?: string,
    @Query('phone_number_id') phoneNumberId?: string,
  ): Json {
    const page = this.access.pageOf(call);
    if (page) return pick(pageNode(page), fields);
    if (this.media.find(call.id)) return this.media.node(this.mine.open(call, phoneNumberId), call.origin);
    const { waba, number } = this.access.open(call);
    return pick(number ? phoneNode(waba, number) : wabaNode(waba), fields);
  }

  @Get(':id/phone_numbers')
  phoneNumbers(@Call() call: GraphCall, @Query('fields') fields?: string): Json {
    const waba = this.access.openWaba(call);
    return { data: waba.phoneNumbers.map((number) => pick(phoneNode(waba, number), fields)) };
  }

  @Get(':id/message_templates')
  listTemplates(@Call() call: GraphCall, @Query() query: TemplateQuery): Json {
    return templatePage(this.store.templatesOf(this.access.openWaba(call).wabaId), query);
  }

  @Post(':id/message_templates')
  @HttpCode(200)
  createTemplate(@Call() call: GraphCall, @Body() body: unknown): Json {
    const template = templateNode(this.templates.create(this.access.openWaba(call), body));
    return { id: template.id, status: template.status, category: template.category };
  }

  @Get(':id/subscribed_apps')
  subscribedApps(@Call() call: GraphCall): Json {
    const waba = this.access.openWaba(call);
    if (waba.subscribed === false) return { data: [] };
    const app = { whatsapp_business_api_data: { id: waba.appId, name: 'Sandbox app', link: '' } };
    return {
      data: [waba.overrideCallbackUrl ? { ...app, override_callback_uri: waba.overrideCallbackUrl } : app],
    };
  }

  @Post(':id/subscribed_apps')
  @HttpCode(200)
  async subscribe(@Call() call: GraphCall, @Body() body: unknown): Promise<Json> {
    const waba = this.access.openWaba(call);
    const given = readObject(body ?? {}, 'request', { optional: ['override_callback_uri', 'verify_token'] });
    let overrideCallbackUrl: string | undefined;
    if (given.override_callback_uri !== undefined) {
      overrideCallbackUrl = readText(given.override_callback_uri, 'override_callback_uri', {
        max: 200,
        code: 100,
      });
      const failure = await verifyCallback(overrideCallbackUrl, String(given.verify_token ?? ''));
      if (failure) throw new GraphError(100, `Callback verification failed: ${failure}`);
    }
    this.store.wabas.put(waba.wabaId, { ...waba, subscribed: true, overrideCallbackUrl });
    return { success: true };
  }

  @Delete(':id/subscribed_apps')
  unsubscribe(@Call() call: GraphCall): Json {
    const waba = this.access.openWaba(call);
    this.store.wabas.put(waba.wabaId, { ...waba, subscribed: false, overrideCallbackUrl: undefined });
    return { success: true };
  }
}
