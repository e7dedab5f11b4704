import { Body, Controller, Get, HttpCode, Post, Query, UseFilters } from '@nestjs/common';
import { Documents, type Collection } from '../world/documents.js';
import { changeProfile, profileNode, type BusinessProfile } from './business-profile.js';
import { Call, GraphAccess, type GraphCall } from './graph-access.js';
import { GraphErrorFilter } from './graph-error.js';
import type { Json } from './model.js';

/** https://developers.facebook.com/documentation/business-messaging/whatsapp/business-profiles */
@Controller('graph/:version/:id/whatsapp_business_profile')
@UseFilters(GraphErrorFilter)
export class BusinessProfileController {
  /** By phone number id. */
  private readonly profiles: Collection<BusinessProfile>;

  constructor(
    documents: Documents,
    private readonly access: GraphAccess,
  ) {
    this.profiles = documents.collection('meta.profiles');
  }

  @Get()
  read(@Call() call: GraphCall, @Query('fields') fields?: string): Json {
    const { number } = this.access.openNumber(call);
    return profileNode(this.profiles.get(number.id) ?? {}, fields);
  }

  @Post()
  @HttpCode(200)
  change(@Call() call: GraphCall, @Body() body: unknown): Json {
    const { number } = this.access.openNumber(call);
    this.profiles.put(number.id, changeProfile(this.profiles.get(number.id) ?? {}, body));
    return { success: true };
  }
}
