import { IsOptional, IsString } from 'class-validator';
import { BaseEnv } from '#platform';

export class SandboxEnv extends BaseEnv {
  /** Where the sandbox keeps its world (schema `sandbox`); unset means memory only, gone with the process. */
  @IsOptional()
  @IsString()
  DATABASE_URL?: string;
}
