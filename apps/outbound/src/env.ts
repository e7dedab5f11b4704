import { IsInt, Max, Min } from 'class-validator';
import { ServiceEnv } from '#platform';
import { CHANNELS, variablesOf, withVariables } from '#vendors';

export class OutboundEnv extends withVariables(ServiceEnv, variablesOf(CHANNELS)) {
  /** How long one call to a channel may take, in milliseconds. */
  @IsInt()
  @Min(100)
  @Max(60_000)
  CHANNEL_TIMEOUT_MS: number = 10_000;

  /**
   * After a lost answer: how long to wait for a status that says the message was sent, in milliseconds, before it is
   * sent once more.
   */
  @IsInt()
  @Min(0)
  @Max(600_000)
  INDETERMINATE_GRACE_MS: number = 30_000;
}
