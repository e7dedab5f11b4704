import type { IncomingMessage } from 'node:http';

/** The body is not read; the sender may send it again, or something smaller. */
export class BodyRefused extends Error {
  constructor(readonly status: 408 | 413 | 503) {
    super(`body refused: ${status}`);
  }
}

interface Held {
  bytes: number;
  /** Gives the body up; undefined when it is read, and being worked on. */
  giveUp: ((status: 503) => void) | undefined;
}

/**
 * Reads bodies into memory, of all requests together never more than so many bytes. Nothing is known of a sender before
 * its body is there, so when memory runs out, the bodies that have been coming in for longest are given up: a genuine one
 * takes milliseconds.
 */
export class Bodies {
  /** Those that have been here longest come first. */
  private readonly held = new Set<Held>();
  private bytes = 0;

  constructor(private readonly mostBytes: number) {}

  /** Bytes that are held now. */
  get size(): number {
    return this.bytes;
  }

  /**
   * Reads the body and does `work` with it; its memory counts until that is done.
   * @param limit bytes of this one.
   * @throws BodyRefused, or what `work` throws.
   */
  async use<T>(request: IncomingMessage, limit: number, work: (body: Buffer) => Promise<T>): Promise<T> {
    const held: Held = { bytes: 0, giveUp: undefined };
    this.held.add(held);
    try {
      return await work(await this.read(request, limit, held));
    } finally {
      this.held.delete(held);
      this.bytes -= held.bytes;
    }
  }

  private read(request: IncomingMessage, limit: number, held: Held): Promise<Buffer> {
    // It left while its address was looked at: nothing more will be heard of it.
    if (request.destroyed) return Promise.reject(new BodyRefused(408));
    if (Number(request.headers['content-length']) > limit) return Promise.reject(new BodyRefused(413));
    const chunks: Buffer[] = [];
    return new Promise((resolve, reject) => {
      const refuse = (status: BodyRefused['status']): void => {
        request.off('data', take);
        request.pause();
        reject(new BodyRefused(status));
      };
      const take = (chunk: Buffer): void => {
        if (held.bytes + chunk.length > limit) return refuse(413);
        held.bytes += chunk.length;
        this.bytes += chunk.length;
        chunks.push(chunk);
        if (this.bytes > this.mostBytes) this.makeRoom();
      };
      // It broke off, or took too long: nobody is there to be told.
      const leave = (): void => reject(new BodyRefused(408));
      held.giveUp = refuse;
      request.on('data', take);
      request.once('end', () => {
        request.off('close', leave);
        held.giveUp = undefined;
        resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
      });
      request.once('close', leave);
    });
  }

  private makeRoom(): void {
    let over = this.bytes - this.mostBytes;
    for (const held of this.held) {
      if (over <= 0) return;
      if (!held.giveUp) continue;
      over -= held.bytes;
      held.giveUp(503);
      held.giveUp = undefined;
    }
  }
}
