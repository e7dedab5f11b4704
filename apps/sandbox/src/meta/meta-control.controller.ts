import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
  Query,
  ValidationPipe,
} from '@nestjs/common';
import { CLOCK, type Clock } from '#platform';
import { problem } from '../world/problem.js';
import {
  AppBody,
  CustomerStateBody,
  EventBody,
  FaultBody,
  FaultsBody,
  PageBody,
  SettingsBody,
  TemplateStatusBody,
  WabaBody,
} from './control.dto.js';
import { Faults, type Fault } from './faults.js';
import { templateNode } from './graph-nodes.js';
import { verifyCallback } from './handshake.js';
import { MetaStore, type MetaSettings } from './meta-store.js';
import { MetaWebhooks } from './meta-webhooks.js';
import type { Customer, Json, LedgerEntry, Waba } from './model.js';
import { TemplateService } from './template.service.js';
import { accountChange } from './wire.js';

const strict = () => new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true });

/** The levers of the simulated Meta: what an operator sets up there by hand, and what a test wants to go wrong. */
@Controller('control/meta')
export class MetaControlController {
  constructor(
    private readonly store: MetaStore,
    private readonly templates: TemplateService,
    private readonly webhooks: MetaWebhooks,
    private readonly faults: Faults,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Put('apps/:appId')
  async putApp(@Param('appId') appId: string, @Body(strict()) body: AppBody): Promise<Json> {
    const failure = await verifyCallback(body.callbackUrl, body.verifyToken);
    if (failure) throw problem(409, `The callback was not verified: ${failure}`);
    this.store.apps.put(appId, { appId, ...body });
    return { appId, callbackUrl: body.callbackUrl };
  }

  @Put('wabas/:wabaId')
  putWaba(@Param('wabaId') wabaId: string, @Body(strict()) body: WabaBody): Json {
    for (const number of body.phoneNumbers) {
      const owner = this.store.accountOf(number.id);
      if (owner && owner.waba.wabaId !== wabaId) {
        throw problem(409, `Phone number ${number.id} belongs to account ${owner.waba.wabaId}`);
      }
    }
    const { overrideCallbackUrl, subscribed: before } = this.store.wabas.get(wabaId) ?? {};
    const { subscribed = before } = body;
    this.store.wabas.put(wabaId, { ...body, wabaId, subscribed, overrideCallbackUrl });
    return { wabaId, name: body.name, phoneNumbers: body.phoneNumbers };
  }

  @Get('wabas')
  wabas(): Json[] {
    return this.store.wabas.all().map(({ wabaId, appId, portfolioId, name, phoneNumbers, tier, shop }) => ({
      wabaId,
      appId,
      portfolioId,
      name,
      phoneNumbers,
      tier,
      shop,
    }));
  }

  /** A page, and the Instagram account that is linked with it. It can be asked about; nothing is sent from it. */
  @Put('pages/:pageId')
  putPage(@Param('pageId') pageId: string, @Body(strict()) body: PageBody): Json {
    this.store.pages.put(pageId, { ...body, pageId });
    return { pageId, name: body.name, instagramAccountId: body.instagramAccountId };
  }

  @Put('templates/:wabaId/:name/:language')
  setTemplate(
    @Param('wabaId') wabaId: string,
    @Param('name') name: string,
    @Param('language') language: string,
    @Body(strict()) body: TemplateStatusBody,
  ): Json {
    const waba = this.waba(wabaId);
    const template = this.store.template(wabaId, name, language);
    if (!template) throw problem(404, `No template ${name} in ${language}`);
    return templateNode(this.templates.setStatus(waba, template, body.status));
  }

  /** Sends any account-level webhook, for example `account_update` or `user_preferences`. */
  @Post('events/:wabaId')
  @HttpCode(202)
  event(@Param('wabaId') wabaId: string, @Body(strict()) body: EventBody): { sent: true } {
    const waba = this.waba(wabaId);
    this.webhooks.send(waba, accountChange(waba, body.field, body.value, this.clock.now()), {
      lane: `account ${wabaId}`,
      field: body.field,
    });
    return { sent: true };
  }

  /** Every send, accepted (`wamid`) or refused (`code`), in order. */
  @Get('ledger')
  ledger(@Query('phoneNumberId') phoneNumberId?: string): {
    accepted: LedgerEntry[];
    refused: LedgerEntry[];
  } {
    const entries = this.store.ledger().filter((e) => !phoneNumberId || e.phoneNumberId === phoneNumberId);
    return {
      accepted: entries.filter((e) => e.wamid !== undefined),
      refused: entries.filter((e) => e.wamid === undefined),
    };
  }

  @Get('faults')
  lined(): { nextSends: Fault[] } {
    return { nextSends: this.faults.left };
  }

  @Put('faults')
  lineUp(@Body(strict()) body: FaultsBody): { nextSends: Fault[] } {
    this.faults.line(body.nextSends.map(toFault));
    return this.lined();
  }

  @Get('settings')
  settings(): MetaSettings {
    return this.store.settings;
  }

  @Put('settings')
  setSettings(@Body(strict()) body: SettingsBody): MetaSettings {
    this.store.settings = { ...this.store.settings, ...given(body) };
    return this.store.settings;
  }

  @Put('customers/:customerId')
  setCustomer(@Param('customerId') customerId: string, @Body(strict()) body: CustomerStateBody): Customer {
    const customer = this.store.customer(customerId);
    if (!customer) throw problem(404, `No customer ${customerId}`);
    const changed = { ...customer, ...given(body) };
    this.store.putCustomer(changed);
    return changed;
  }

  private waba(wabaId: string): Waba {
    const waba = this.store.wabas.get(wabaId);
    if (!waba) throw problem(404, `No WhatsApp business account ${wabaId}`);
    return waba;
  }
}

function given<T extends object>(body: T): Partial<T> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function toFault(body: FaultBody): Fault {
  switch (body.kind) {
    case 'error':
      if (body.code === undefined) throw problem(422, 'a fault of kind error needs its code');
      return { kind: 'error', code: body.code, status: body.status };
    case 'delay':
      if (body.ms === undefined) throw problem(422, 'a fault of kind delay needs its ms');
      return { kind: 'delay', ms: body.ms };
    default:
      return { kind: body.kind };
  }
}
