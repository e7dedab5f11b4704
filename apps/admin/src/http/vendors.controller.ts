import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { CHANNELS, PAYMENT_PROVIDERS, STORES } from '#vendors';
import { Needs } from './access.js';
import { ApiResource } from './api-docs.js';
import { VendorList, VendorView } from './vendors.dto.js';

@ApiResource('Vendors')
@Controller('v1/vendors')
export class VendorsController {
  @Get()
  @Needs('merchants:read')
  @ApiOperation({
    summary: 'What merchants can be connected to',
    description: 'With the fields of each, from which a form can be drawn. The same for every merchant.',
  })
  @ApiOkResponse({ type: VendorList })
  list(): VendorList {
    return {
      items: [
        ...CHANNELS.map((vendor) => VendorView.ofChannel(vendor)),
        ...STORES.map((vendor) => VendorView.ofAccounts(vendor)),
        ...PAYMENT_PROVIDERS.map((vendor) => VendorView.ofAccounts(vendor)),
      ],
      nextCursor: null,
    };
  }
}
