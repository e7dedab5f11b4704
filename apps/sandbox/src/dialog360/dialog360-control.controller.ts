import { Body, Controller, Param, Put, ValidationPipe } from '@nestjs/common';
import { IsNotEmpty, IsOptional, IsString } from 'class-validator';
import { problem } from '../world/problem.js';
import { Dialog360Numbers } from './numbers.js';

class NumberBody {
  @IsString()
  @IsNotEmpty()
  apiKey: string;

  @IsOptional()
  @IsString()
  @IsNotEmpty()
  platformSecret?: string;
}

/** What an operator sets up at 360dialog by hand. */
@Controller('control/360dialog')
export class Dialog360ControlController {
  constructor(private readonly numbers: Dialog360Numbers) {}

  /** A number of Meta's that belongs to 360dialog from now on: its webhooks come from there. */
  @Put('numbers/:phoneNumberId')
  putNumber(
    @Param('phoneNumberId') phoneNumberId: string,
    @Body(new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }))
    body: NumberBody,
  ): object {
    const number = { ...this.numbers.get(phoneNumberId), ...body, phoneNumberId };
    if (!this.numbers.accountOf(number)) throw problem(404, `No phone number ${phoneNumberId}`);
    const owner = this.numbers.withKey(body.apiKey);
    if (owner && owner.phoneNumberId !== phoneNumberId) {
      throw problem(409, `The key is that of phone number ${owner.phoneNumberId}`);
    }
    this.numbers.put(number);
    return { phoneNumberId, signed: number.platformSecret !== undefined };
  }
}
