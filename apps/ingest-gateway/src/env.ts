import { IsInt, IsString, Matches, Min, MinLength } from 'class-validator';
import { IsRandom, ServiceEnv } from '#platform';

export class IngestGatewayEnv extends ServiceEnv {
  /** The token that is typed into Meta's app dashboard beside the callback address. */
  @IsString()
  @IsRandom()
  @MinLength(8)
  WHATSAPP_VERIFY_TOKEN: string;

  /** Secrets of the Meta apps that send here, comma between: several while one is being changed. */
  @IsRandom(secretsIn)
  @Matches(/^[^,\s]{8,}(\s*,\s*[^,\s]{8,})*$/, {
    message: 'WHATSAPP_APP_SECRETS must be secrets of 8 characters or more, comma between',
  })
  WHATSAPP_APP_SECRETS: string;

  /** Of webhooks that one merchant signs itself (its own Meta app, shop, payment accounts): items a minute. */
  @IsInt()
  @Min(60)
  WEBHOOK_ITEMS_PER_MINUTE: number = 12_000;

  /** Of the same: kilobytes a minute. */
  @IsInt()
  @Min(1_024)
  WEBHOOK_KILOBYTES_PER_MINUTE: number = 32_768;
}

export function appSecrets(env: Pick<IngestGatewayEnv, 'WHATSAPP_APP_SECRETS'>): string[] {
  return secretsIn(env.WHATSAPP_APP_SECRETS);
}

function secretsIn(list: string): string[] {
  return list.split(',').map((secret) => secret.trim());
}
