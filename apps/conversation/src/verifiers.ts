import { CHANNELS } from '#vendors';

/** Channels that verify the number of who writes. */
const VERIFYING: ReadonlySet<string> = new Set(
  CHANNELS.filter(({ talk }) => talk?.facts.rules.verifiesPhone).map(({ kind }) => kind),
);

/** That a channel has proved the number of who wrote, at the time of writing. */
export interface Verification {
  by: string;
  at: Date;
}

/** Undefined where the channel does not verify numbers. */
export const verificationOf = (channel: string | undefined, at: Date): Verification | undefined =>
  channel !== undefined && VERIFYING.has(channel) ? { by: channel, at } : undefined;
