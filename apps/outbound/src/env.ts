import { IsInt, Matches, Max, Min } from 'class-validator';
import { ServiceEnv } from '#platform';

export class OutboundEnv extends ServiceEnv {
  /** The Graph API: Meta's, or the sandbox's `http://localhost:3100/graph`. */
  @Matches(/^https?:\/\//, { message: 'WHATSAPP_BASE_URL must begin with http:// or https://' })
  WHATSAPP_BASE_URL: string = 'https://graph.facebook.com';

  @Matches(/^v\d+\.\d+$/, { message: 'WHATSAPP_API_VERSION must look like v25.0' })
  WHATSAPP_API_VERSION: string = 'v25.0';

  /** How long one call to the channel may take, in milliseconds. */
  @IsInt()
  @Min(100)
  @Max(60_000)
  WHATSAPP_TIMEOUT_MS: number = 10_000;

  /**
   * After a lost answer: how long to wait for a status that says the message was sent, in milliseconds, before it is
   * sent once more.
   */
  @IsInt()
  @Min(0)
  @Max(600_000)
  INDETERMINATE_GRACE_MS: number = 30_000;
}
