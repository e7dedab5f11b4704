import type { Schemas } from './client.js';
import { say } from './terminal.js';

/** The command that does what the API's `fix` names a call for. */
const COMMANDS: readonly (readonly [step: RegExp, command: string])[] = [
  [/^merchant_active$/, 'waco merchants resume <merchant>'],
  [/^channel_account$/, 'waco connect <channel>'],
  [/^(store|first_sync)$/, 'waco connect store'],
  [/^payment_provider$/, 'waco connect <provider>'],
  [/^payment_routing$/, 'waco settings set payments <json>'],
  [/^template:/, 'waco template put <purpose>'],
  [/^test_message$/, 'waco test-message <number>'],
];

/** The checklist: what is done, what is missing, and what to do about it. */
export function sayReadiness({ ready, steps }: Schemas['ReadinessView']): void {
  for (const { step, ok, missing, fix } of steps) {
    say(`${ok ? '✔' : '✖'} ${step}`);
    if (ok) continue;
    say(`    missing: ${String(missing)}`);
    say(`    fix:     ${String(fix)}`);
    const command = COMMANDS.find(([pattern]) => pattern.test(step))?.[1];
    if (command) say(`    or:      ${command.replace('<purpose>', step.split(':')[1] ?? '<purpose>')}`);
  }
  say(ready ? 'ready: a first customer could buy now' : 'not ready yet');
}
