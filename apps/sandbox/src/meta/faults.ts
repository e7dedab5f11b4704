import { Injectable } from '@nestjs/common';

/** What happens to one of the next sends instead of, or besides, its normal course. */
export type Fault =
  /** Refused with this code. */
  | { kind: 'error'; code: number; status?: number }
  /** Accepted, and the answer never comes. */
  | { kind: 'timeout-after-accept' }
  /** The connection breaks before the message is looked at. */
  | { kind: 'reset' }
  /** Accepted, and first looked at for quality. */
  | { kind: 'hold' }
  /** The answer is late. */
  | { kind: 'delay'; ms: number };

/** Faults lined up by a test, each consumed by one send. */
@Injectable()
export class Faults {
  private next: Fault[] = [];

  line(faults: Fault[]): void {
    this.next = [...faults];
  }

  take(): Fault | undefined {
    return this.next.shift();
  }

  get left(): Fault[] {
    return this.next;
  }
}
