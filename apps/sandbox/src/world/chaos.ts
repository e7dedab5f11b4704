import { IsArray, IsBoolean, IsInt, IsOptional, Max, Min, ArrayMinSize, ArrayMaxSize } from 'class-validator';

/** How unkindly webhooks travel. */
export interface Chaos {
  /** Each webhook is delivered between `copies[0]` and `copies[1]` times. */
  copies: [min: number, max: number];
  /** Out of order: each copy is delayed by its own random part of `maxDelayMs`. */
  shuffle: boolean;
  /** Longest delay in milliseconds. Without `shuffle` every webhook waits exactly this long and order holds. */
  maxDelayMs: number;
}

export const CALM: Chaos = { copies: [1, 1], shuffle: false, maxDelayMs: 0 };

/** What `PUT /control/chaos` takes; what is left out stays as it was. */
export class ChaosBody {
  @IsOptional()
  @IsArray()
  @ArrayMinSize(2)
  @ArrayMaxSize(2)
  @IsInt({ each: true })
  @Min(1, { each: true })
  @Max(10, { each: true })
  copies?: [number, number];

  @IsOptional()
  @IsBoolean()
  shuffle?: boolean;

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(60_000)
  maxDelayMs?: number;
}

/** When each copy of one webhook is due, in milliseconds from now. `random` gives numbers in [0, 1). */
export function copyDelays(chaos: Chaos, random: () => number): number[] {
  const [min, max] = chaos.copies;
  const count = min + Math.floor(random() * (Math.max(max, min) - min + 1));
  return Array.from({ length: count }, () =>
    chaos.shuffle ? Math.floor(random() * (chaos.maxDelayMs + 1)) : chaos.maxDelayMs,
  );
}
