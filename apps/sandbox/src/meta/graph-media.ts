import { Injectable } from '@nestjs/common';
import { checkVersion, GraphAccess, type GraphCall } from './graph-access.js';
import { unsupported } from './graph-error.js';
import { MediaService, type Medium } from './media.service.js';

/** Files as the token of a call sees them: those of all numbers of its accounts. */
@Injectable()
export class GraphMedia {
  constructor(
    private readonly access: GraphAccess,
    private readonly media: MediaService,
  ) {}

  /** With `phoneNumberId` the file has to be that number's. @throws GraphError */
  open(call: GraphCall, phoneNumberId?: string): Medium {
    checkVersion(call);
    const numbers = this.access.accounts(call).flatMap((waba) => waba.phoneNumbers.map(({ id }) => id));
    const medium = this.media.findOf(numbers, call.id);
    if (!medium || (phoneNumberId !== undefined && phoneNumberId !== medium.phoneNumberId)) {
      throw unsupported(call.method, call.id);
    }
    return medium;
  }
}
