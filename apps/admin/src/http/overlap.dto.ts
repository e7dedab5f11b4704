import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { MAX_OVERLAP_HOURS, OVERLAP_HOURS } from '../onboarding/former-secrets.js';
import { MayBeAbsent } from './optional.js';

/** How long the webhook secret that is replaced stays good. */
export function OverlapHours(): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({
      type: 'integer',
      minimum: 0,
      maximum: MAX_OVERLAP_HOURS,
      default: OVERLAP_HOURS,
      description:
        'When the webhook secret changes: for how many hours the old one is still accepted. 0 ends it now, and all before it.',
    }),
    MayBeAbsent(),
    IsInt(),
    Min(0),
    Max(MAX_OVERLAP_HOURS),
  );
}
