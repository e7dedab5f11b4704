import { Injectable } from '@nestjs/common';
import { Logger } from 'nestjs-pino';
import type { EntityManager } from 'typeorm';

/** What somebody did here: `<thing>.<verb>`, to what, with what result. */
export interface Deed {
  merchantId: string;
  action: string;
  target: string;
  after?: object;
}

/** Where repairs are recorded, in the transaction of the repair. */
@Injectable()
export class Deeds {
  constructor(private readonly logger: Logger) {}

  async record(_tx: EntityManager, { merchantId, action, target, after }: Deed): Promise<void> {
    this.logger.log({ event: action, merchantId, target, ...after });
  }
}
