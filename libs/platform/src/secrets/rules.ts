import { readFileSync } from 'node:fs';
import { ValidateBy, type ValidationArguments } from 'class-validator';
import { parseKeyRing, type KeyRing } from '../key-ring.js';
import { weaknessOfKeys } from './key-strength.js';
import { bitsOfChance, ENOUGH_BITS } from './strength.js';

const RULE =
  'must be random in production, not words, names, dates, rows of keys or repeats: openssl rand -hex 16';

const isProduction = ({ object }: ValidationArguments): boolean =>
  (object as { NODE_ENV?: string }).NODE_ENV === 'production';

/** In production, each secret in the text is one that a machine has drawn. Elsewhere anything will do. */
export function IsRandom(secretsIn: (text: string) => string[] = (text) => [text]): PropertyDecorator {
  return ValidateBy({
    name: 'isRandom',
    validator: {
      validate: (value: unknown, on) =>
        !isProduction(on!) ||
        typeof value !== 'string' ||
        secretsIn(value).every((secret) => bitsOfChance(secret) >= ENOUGH_BITS),
      defaultMessage: (on) => `${on!.property} ${RULE}`,
    },
  });
}

/** The same of the password in an address, if there is one. */
export function HasRandomPassword(): PropertyDecorator {
  return ValidateBy({
    name: 'hasRandomPassword',
    validator: {
      validate: (value: unknown, on) => {
        const password = isProduction(on!) ? passwordIn(String(value)) : '';
        return password === '' || bitsOfChance(password) >= ENOUGH_BITS;
      },
      defaultMessage: (on) => `the password in ${on!.property} ${RULE}`,
    },
  });
}

function passwordIn(address: string): string {
  if (!URL.canParse(address)) return '';
  const { password } = new URL(address);
  try {
    return decodeURIComponent(password);
  } catch {
    return password; // as it stands
  }
}

interface WithMasterKeys {
  WACO_MASTER_KEYS?: string;
  WACO_MASTER_KEYS_FILE?: string;
}

/**
 * In production, the keys of a list (`id:base64`, comma between) are random ones and no two are the same; with
 * `besidesMasterKeys`, none is a master key either. A list that cannot be read is refused where it is opened.
 */
export function AreRandomKeys({ inFile = false, besidesMasterKeys = false } = {}): PropertyDecorator {
  const weakness = (value: unknown, on: ValidationArguments): string | undefined => {
    if (!isProduction(on)) return undefined;
    const keys = keysIn(inFile ? textOf(String(value)) : String(value));
    const { WACO_MASTER_KEYS_FILE: file, WACO_MASTER_KEYS: text } = on.object as WithMasterKeys;
    const others = besidesMasterKeys ? keysIn(file ? textOf(file) : text) : undefined;
    return keys && weaknessOfKeys(keys, others);
  };
  return ValidateBy({
    name: 'areRandomKeys',
    validator: {
      validate: (value: unknown, on) => weakness(value, on!) === undefined,
      defaultMessage: (on) =>
        `the keys of ${on!.property} must be random in production: ${weakness(on!.value, on!)}`,
    },
  });
}

function keysIn(text: string | undefined): Buffer[] | undefined {
  let ring: KeyRing;
  try {
    ring = parseKeyRing(text ?? '');
  } catch {
    return undefined; // said by whoever opens it
  }
  return [...ring.keys.values()];
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
