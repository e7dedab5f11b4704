import { IsInt, Min } from 'class-validator';
import { ServiceEnv } from '#platform';
import { CHANNELS, withVariables } from '#vendors';

/** What the channels' platform apps sign with. */
const OF_APPS = CHANNELS.flatMap(({ webhooks }) => Object.values(webhooks?.variables ?? {}));

export class IngestGatewayEnv extends withVariables(ServiceEnv, OF_APPS) {
  /** Of webhooks that one merchant signs itself (its own app, shop, payment accounts): items a minute. */
  @IsInt()
  @Min(60)
  WEBHOOK_ITEMS_PER_MINUTE: number = 12_000;

  /** Of the same: kilobytes a minute. */
  @IsInt()
  @Min(1_024)
  WEBHOOK_KILOBYTES_PER_MINUTE: number = 32_768;
}
