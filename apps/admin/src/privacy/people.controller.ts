import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { Needs } from '../http/access.js';
import { ApiIdempotencyKey, ApiProblems, ApiResource } from '../http/api-docs.js';
import { Idempotency, Repeatable, type RepeatableRequest } from '../http/idempotency.js';
import { Erasures } from './erasures.js';
import { ErasureView, PersonDocument, PersonQuery } from './people.dto.js';
import { PersonExport } from './person-export.js';

/** What is held on a person, and forgetting it. By any of their names, which never stand in an address. */
@ApiResource('People')
@Controller('v1/merchants/:merchantId/people')
export class PeopleController {
  constructor(
    private readonly exports: PersonExport,
    private readonly erasures: Erasures,
    private readonly idempotency: Idempotency,
  ) {}

  @Post('export')
  @HttpCode(200)
  @Needs('people:unmask')
  @ApiOperation({
    summary: 'Everything that is held on a person',
    description:
      'In one document, phone numbers in full and links hidden. Give exactly one name. Somebody who is not known has ' +
      'empty lists. The audit log says that it was asked for, not for whom.',
  })
  @ApiProblems(404)
  @ApiOkResponse({ type: PersonDocument })
  async export(@Param('merchantId') merchantId: string, @Body() query: PersonQuery): Promise<PersonDocument> {
    return this.exports.of(merchantId, (country) => PersonQuery.aliasOf(query, country));
  }

  @Post('erasures')
  @HttpCode(202)
  @Needs('operations:write')
  @ApiOperation({
    summary: 'Forget a person',
    description:
      'Each service forgets its part, one after the other; what is still to be sent is dropped, an order that is not ' +
      'paid yet is called off. Orders keep amounts, ids and dates. Cannot be undone.',
  })
  @ApiIdempotencyKey()
  @ApiProblems(404, 409)
  @ApiAcceptedResponse({ type: ErasureView })
  async erase(
    @Param('merchantId') merchantId: string,
    @Body() query: PersonQuery,
    @Repeatable() request: RepeatableRequest,
  ): Promise<ErasureView> {
    return this.idempotency.once(request, merchantId, async (tx) =>
      ErasureView.of(
        await this.erasures.request(tx, merchantId, (country) => PersonQuery.aliasOf(query, country)),
      ),
    );
  }

  @Get('erasures/:erasureId')
  @ApiOperation({ summary: 'How far the forgetting of a person is' })
  @ApiProblems(404)
  @ApiOkResponse({ type: ErasureView })
  async find(
    @Param('merchantId') merchantId: string,
    @Param('erasureId') erasureId: string,
  ): Promise<ErasureView> {
    return ErasureView.of(await this.erasures.find(merchantId, erasureId));
  }
}
