import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import { ServiceEnv } from '#platform';
import { STORES, variablesOf, withVariables } from '#vendors';

/** Where the RPC port stands above WACO_PORT_BASE when CATALOG_RPC_PORT does not say otherwise. */
const RPC_PORT_OFFSET = 52;

export class CatalogSyncEnv extends withVariables(ServiceEnv, variablesOf(STORES)) {
  /** How long a customer's question may wait for the shop, in milliseconds. */
  @IsInt()
  @Min(50)
  @Max(3_000)
  STORE_TIMEOUT_MS: number = 1_500;

  /** How long one page of a sync may take, in milliseconds. */
  @IsInt()
  @Min(500)
  @Max(120_000)
  STORE_SYNC_TIMEOUT_MS: number = 15_000;

  /** How long one sync of a shop may take in all, in minutes: then the next one begins anew. */
  @IsInt()
  @Min(1)
  @Max(120)
  STORE_SYNC_MINUTES: number = 15;

  /** The address that the RPC port listens on; unset: WACO_HOST. */
  @IsOptional()
  @IsString()
  CATALOG_RPC_HOST?: string;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(65_535)
  CATALOG_RPC_PORT?: number;
}

export function rpcHost(env: CatalogSyncEnv): string {
  return env.CATALOG_RPC_HOST ?? env.WACO_HOST;
}

export function rpcPort(env: CatalogSyncEnv): number {
  return env.CATALOG_RPC_PORT ?? env.WACO_PORT_BASE + RPC_PORT_OFFSET;
}
