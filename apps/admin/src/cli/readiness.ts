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
  [/^webhooks:store$/, 'waco webhooks refused'],
  [/^webhooks:acc_/, 'waco webhooks subscribe <account>'],
  [/^webhooks:/, 'waco webhooks refused'],
  [/^test_message$/, 'waco test-message <number>'],
];

/** The checklist: what is done, what is missing, and what to do about it. */
export function sayReadiness({ ready, steps }: Schemas['ReadinessView']): void {
  for (const { step, ok, missing, fix, note } of steps) {
    say(`${markOf(ok, note)} ${step}`);
    if (note) say(`    note:    ${note}`);
    if (ok) continue;
    say(`    missing: ${String(missing)}`);
    say(`    fix:     ${String(fix)}`);
    const command = COMMANDS.find(([pattern]) => pattern.test(step))?.[1];
    const [, about = ''] = step.split(':');
    if (command) say(`    or:      ${command.replace(/<(purpose|account)>/, (word) => about || word)}`);
  }
  const isUnsure = steps.some(({ note }) => note);
  if (!ready) say('not ready yet');
  else say(`ready: a first customer could buy now${isUnsure ? ', if what has a ? works' : ''}`);
}

/** What nobody has seen work, or is in doubt, has no tick. */
function markOf(ok: boolean, note: string | undefined): string {
  if (!ok) return '✖';
  return note ? '?' : '✔';
}
