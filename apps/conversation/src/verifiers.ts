import { CHANNELS } from '#vendors';

/** Channels that verify the number of who writes. */
const VERIFYING: ReadonlySet<string> = new Set(
  CHANNELS.filter(({ talk }) => talk?.facts.rules.verifiesPhone).map(({ kind }) => kind),
);

/** The channel, where it verifies numbers. */
export const verifierOf = (channel: string | undefined): string | undefined =>
  channel !== undefined && VERIFYING.has(channel) ? channel : undefined;
