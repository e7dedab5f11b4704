import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Query,
  Res,
  UseFilters,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
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
import { verifyCallback } from './handshake.js';
import { MetaStore } from './meta-store.js';
import type { Json, Page, PhoneNumber, Waba } from './model.js';
import { SendRoute } from './send-route.js';
import { readObject, readText } from './shape.js';
import { TemplateService } from './template.service.js';

const VERSION = /^v\d{2}\.0$/;

type Account = { waba: Waba; number?: PhoneNumber };

/** The part of the Graph API that a WhatsApp business client uses, under `/graph/v<NN>.0/`. */
@Controller('graph/:version')
@UseFilters(GraphErrorFilter)
export class GraphController {
  constructor(
    private readonly store: MetaStore,
    private readonly sends: SendRoute,
    private readonly templates: TemplateService,
  ) {}

  @Post(':id/messages')
  async send(
    @Param('version') version: string,
    @Param('id') id: string,
    @Headers('authorization') authorization: string | undefined,
    @Body() body: unknown,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { waba, number } = this.open(version, id, authorization);
    if (!number) throw notFound(id);
    await this.sends.answer({ waba, number }, body, reply);
  }

  @Get(':id')
  node(
    @Param('version') version: string,
    @Param('id') id: string,
    @Headers('authorization') authorization: string | undefined,
    @Query('fields') fields?: string,
  ): Json {
    const page = this.pageOf(version, id, authorization);
    if (page) return pick(pageNode(page), fields);
    const { waba, number } = this.open(version, id, authorization);
    return pick(number ? phoneNode(waba, number) : wabaNode(waba), fields);
  }

  @Get(':id/phone_numbers')
  phoneNumbers(
    @Param('version') version: string,
    @Param('id') id: string,
    @Headers('authorization') authorization: string | undefined,
    @Query('fields') fields?: string,
  ): Json {
    const waba = this.openWaba(version, id, authorization);
    return { data: waba.phoneNumbers.map((number) => pick(phoneNode(waba, number), fields)) };
  }

  @Get(':id/message_templates')
  listTemplates(
    @Param('version') version: string,
    @Param('id') id: string,
    @Headers('authorization') authorization: string | undefined,
    @Query() query: TemplateQuery,
  ): Json {
    const waba = this.openWaba(version, id, authorization);
    const page = templatePage(this.store.templatesOf(waba.wabaId), query);
    return page;
  }

  @Post(':id/message_templates')
  @HttpCode(200)
  createTemplate(
    @Param('version') version: string,
    @Param('id') id: string,
    @Headers('authorization') authorization: string | undefined,
    @Body() body: unknown,
  ): Json {
    const template = templateNode(this.templates.create(this.openWaba(version, id, authorization), body));
    return { id: template.id, status: template.status, category: template.category };
  }

  @Get(':id/subscribed_apps')
  subscribedApps(
    @Param('version') version: string,
    @Param('id') id: string,
    @Headers('authorization') authorization: string | undefined,
  ): Json {
    const waba = this.openWaba(version, id, authorization);
    const app = { whatsapp_business_api_data: { id: waba.appId, name: 'Sandbox app', link: '' } };
    return {
      data: [waba.overrideCallbackUrl ? { ...app, override_callback_uri: waba.overrideCallbackUrl } : app],
    };
  }

  @Post(':id/subscribed_apps')
  @HttpCode(200)
  async subscribe(
    @Param('version') version: string,
    @Param('id') id: string,
    @Headers('authorization') authorization: string | undefined,
    @Body() body: unknown,
  ): Promise<Json> {
    const waba = this.openWaba(version, id, authorization);
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
    this.store.wabas.put(waba.wabaId, { ...waba, overrideCallbackUrl });
    return { success: true };
  }

  /** Undefined unless the token is a page's. */
  private pageOf(version: string, id: string, authorization: string | undefined): Page | undefined {
    const token = tokenOf(authorization);
    const page = this.store.pages.all().find((p) => p.accessToken === token);
    if (page && (id !== page.pageId || !VERSION.test(version))) throw notFound(id);
    return page;
  }

  /** Checks version, token and id. A token of another account sees nothing of this one. */
  private open(version: string, id: string, authorization: string | undefined): Account {
    if (!VERSION.test(version)) throw new GraphError(100, `Unknown API version ${version}`);
    const token = tokenOf(authorization);
    const known = this.store.wabas.all().filter((waba) => waba.accessToken === token);
    if (token === undefined || known.length === 0) {
      throw new GraphError(190, 'The access token could not be decrypted or has expired');
    }
    for (const waba of known) {
      if (waba.wabaId === id) return { waba };
      const number = waba.phoneNumbers.find((n) => n.id === id);
      if (number) return { waba, number };
    }
    throw notFound(id);
  }

  private openWaba(version: string, id: string, authorization: string | undefined): Waba {
    const { waba, number } = this.open(version, id, authorization);
    if (number) throw notFound(id);
    return waba;
  }
}

function tokenOf(authorization: string | undefined): string | undefined {
  return /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
}

function notFound(id: string): GraphError {
  return new GraphError(
    100,
    `Unsupported request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation`,
  );
}
