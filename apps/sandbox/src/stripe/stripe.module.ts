import { Module } from '@nestjs/common';
import { WorldModule } from '../world/world.module.js';
import { Checkout } from './checkout.js';
import { PayController } from './pay.controller.js';
import { Refunds } from './refunds.js';
import { StripeApiController } from './stripe-api.controller.js';
import { StripeBooks } from './stripe-books.js';
import { StripeControlController } from './stripe-control.controller.js';
import { StripeFaults } from './stripe-faults.js';
import { StripeGate } from './stripe-gate.js';

/** A payment provider that the official Stripe SDK takes for Stripe, with its hosted pay page. */
@Module({
  imports: [WorldModule],
  controllers: [StripeApiController, PayController, StripeControlController],
  providers: [StripeBooks, StripeFaults, StripeGate, Checkout, Refunds],
})
export class StripeModule {}
