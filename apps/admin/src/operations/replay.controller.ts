import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOperation, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsISO8601, Matches } from 'class-validator';
import { ApiProblems, ApiResource } from '../http/api-docs.js';
import { MayBeAbsent } from '../http/optional.js';
import { InvalidFields } from '../refusal.js';
import { hasZone, isTime, MerchantParams } from './queries.dto.js';
import { Replay } from './replay.js';
import { OUTSIDE } from './webhooks.js';

const SOURCES = [...OUTSIDE, 'job'];

export class ReplayRequest {
  @ApiProperty({ type: String, format: 'date-time', description: 'Received from this time on.' })
  @IsISO8601(...isTime('from'))
  @Matches(...hasZone('from'))
  from: string;

  @ApiProperty({ type: String, format: 'date-time', description: 'Received before this time.' })
  @IsISO8601(...isTime('to'))
  @Matches(...hasZone('to'))
  to: string;

  @ApiPropertyOptional({
    type: String,
    enum: SOURCES,
    description: "Left out: all. `job`: the services' own work, of which dead letters alone are queued.",
  })
  @MayBeAbsent()
  @IsIn(SOURCES, { message: `source must be one of ${SOURCES.join(', ')}` })
  source?: string;

  @ApiPropertyOptional({ type: Boolean, default: false, description: 'True: only say what would be done.' })
  @MayBeAbsent()
  @IsBoolean()
  dryRun?: boolean;
}

export class ReplayQueued {
  @ApiProperty({ type: 'integer' }) deadLetters: number;
  @ApiProperty({ type: 'integer', description: 'From outside; a handler had no use for them then.' })
  skipped: number;
  @ApiProperty({ type: 'integer', description: 'Could not be read then, and can be now.' }) ignored: number;
  @ApiProperty({ type: 'integer', description: 'Could not be led here then, and can be now.' })
  quarantined: number;
}

export class ReplayLeft {
  @ApiProperty({ type: 'integer', description: 'Applied: never applied twice.' }) done: number;
  @ApiProperty({ type: 'integer', description: 'In line already.' }) pending: number;
  @ApiProperty({ type: 'integer', description: 'Still nothing that acts on them.' }) ignored: number;
  @ApiProperty({ type: 'integer', description: 'Still not to be led here, or here already.' })
  quarantined: number;
}

export class ReplayView {
  @ApiProperty({ type: Boolean }) dryRun: boolean;
  @ApiProperty({ type: String, format: 'date-time' }) from: string;
  @ApiProperty({ type: String, format: 'date-time' }) to: string;
  @ApiProperty({ type: String, nullable: true }) source: string | null;
  @ApiProperty({ type: ReplayQueued }) queued: ReplayQueued;
  @ApiProperty({ type: ReplayLeft }) leftAlone: ReplayLeft;
}

@ApiResource('Replay')
@Controller('v1/merchants/:merchantId/replay')
export class ReplayController {
  constructor(private readonly replay: Replay) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({
    summary: 'Queue again what came in a range of time and had no effect',
    description:
      'Dead letters, skipped, unreadable and unroutable items are queued again if they can be. Items that are done are left alone and counted: no message is sent and no money moved twice.',
  })
  @ApiProblems(404, 409, 422)
  @ApiAcceptedResponse({ type: ReplayView })
  async run(
    @Param() { merchantId }: MerchantParams,
    @Body() { from, to, source, dryRun = false }: ReplayRequest,
  ): Promise<ReplayView> {
    if (Date.parse(to) <= Date.parse(from)) {
      throw new InvalidFields([{ field: 'to', rule: 'isAfter', detail: 'to must be later than from' }]);
    }
    const report = await this.replay.run(merchantId, { from, to, source, dryRun });
    return { dryRun, from, to, source: source ?? null, ...report };
  }
}
