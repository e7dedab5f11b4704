import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import { KeylessEnv } from '#platform';

export class ConversationEnv extends KeylessEnv {
  /** Where catalog-sync's RPC listens. */
  @IsString()
  CATALOG_RPC_HOST: string = '127.0.0.1';

  /** Unset: WACO_PORT_BASE + 52. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(65_535)
  CATALOG_RPC_PORT?: number;
}
