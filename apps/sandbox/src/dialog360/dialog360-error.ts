import { randomBytes } from 'node:crypto';
import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

/** A refusal of 360dialog's own, before Meta hears of the call. */
export class Dialog360Error extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }

  body(): object {
    return {
      meta: {
        success: false,
        http_code: this.status,
        developer_message: this.message,
        '360dialog_trace_id': randomBytes(14).toString('base64url'),
      },
    };
  }
}

@Catch(Dialog360Error)
export class Dialog360ErrorFilter implements ExceptionFilter<Dialog360Error> {
  catch(error: Dialog360Error, host: ArgumentsHost): void {
    void host.switchToHttp().getResponse<FastifyReply>().status(error.status).send(error.body());
  }
}
