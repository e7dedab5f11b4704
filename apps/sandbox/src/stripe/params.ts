import type { FormObject, FormValue } from './form.js';
import { StripeError } from './stripe-error.js';

/**
 * Reads one level of request parameters, with Stripe's own refusals. `done()` refuses what nobody has read.
 */
export class Params {
  private readonly read = new Set<string>();

  constructor(
    private readonly values: FormObject,
    private readonly path = '',
  ) {}

  has(name: string): boolean {
    return name in this.values;
  }

  text(name: string, options: { max?: number } = {}): string | undefined {
    const value = this.take(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'string') throw this.invalid(name, 'Invalid string');
    if (value === '') throw emptyValue(this.nameOf(name));
    if (options.max && value.length > options.max) {
      const message = `Invalid string: ${value.slice(0, 20)}...; must be at most ${options.max} characters`;
      throw this.invalid(name, message, 'parameter_invalid_string_too_long');
    }
    return value;
  }

  requiredText(name: string, options: { max?: number } = {}): string {
    return this.required(name, this.text(name, options));
  }

  choice<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined || (allowed as readonly string[]).includes(value)) return value as T | undefined;
    throw this.invalid(name, `Invalid ${this.nameOf(name)}: must be one of ${allowed.join(', ')}`);
  }

  integer(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (!/^-?\d{1,15}$/.test(value)) {
      throw this.invalid(name, `Invalid integer: ${value}`, 'parameter_invalid_integer');
    }
    return Number(value);
  }

  url(name: string): string | undefined {
    const value = this.text(name, { max: 5000 });
    if (value !== undefined && !/^https?:\/\/[^\s/]+/.test(value)) {
      throw this.invalid(name, 'Not a valid URL', 'url_invalid');
    }
    return value;
  }

  /** Up to 50 keys of 40 characters with values of 500: https://docs.stripe.com/api/metadata */
  metadata(name = 'metadata'): Record<string, string> {
    const value = this.take(name);
    if (value === undefined || value === '') return {};
    if (typeof value === 'string' || Array.isArray(value)) throw this.invalid(name, 'Invalid object');
    const entries = Object.entries(value).filter(([, text]) => text !== '');
    if (entries.length > 50) throw this.invalid(name, 'You can only specify up to 50 keys');
    for (const [key, text] of entries) {
      if (typeof text !== 'string') throw this.invalid(name, 'Metadata values must be strings');
      if (key.length > 40) throw this.invalid(name, `Metadata keys can be up to 40 characters: ${key}`);
      if (text.length > 500) throw this.invalid(name, `Metadata values can be up to 500 characters: ${key}`);
    }
    return Object.fromEntries(entries) as Record<string, string>;
  }

  nested(name: string): Params | undefined {
    const value = this.take(name);
    if (value === undefined) return undefined;
    if (typeof value === 'string' || Array.isArray(value)) throw this.invalid(name, 'Invalid object');
    return new Params(value, this.nameOf(name));
  }

  list(name: string): Params[] | undefined {
    const value = this.take(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw this.invalid(name, 'Invalid array');
    return value.map((item, i) => {
      if (typeof item === 'string' || Array.isArray(item)) throw this.invalid(name, 'Invalid object');
      return new Params(item, `${this.nameOf(name)}[${i}]`);
    });
  }

  texts(name: string): string[] {
    const value = this.take(name) ?? [];
    if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) {
      throw this.invalid(name, 'Invalid array');
    }
    return value as string[];
  }

  /** Accepts parameters that have no effect here. */
  ignore(...names: string[]): void {
    for (const name of names) this.read.add(name);
  }

  required<T>(name: string, value: T | undefined): T {
    if (value !== undefined) return value;
    const param = this.nameOf(name);
    throw new StripeError(`Missing required param: ${param}.`, {
      code: 'parameter_missing',
      param,
      beforeRunning: true,
    });
  }

  /** @throws StripeError for the first parameter that nobody has asked for. */
  done(): void {
    const unknown = Object.keys(this.values).find((name) => !this.read.has(name));
    if (unknown === undefined) return;
    const param = this.nameOf(unknown);
    throw new StripeError(`Received unknown parameter: ${param}`, {
      code: 'parameter_unknown',
      param,
      beforeRunning: true,
    });
  }

  invalid(name: string, message: string, code?: string): StripeError {
    return new StripeError(message, { code, param: this.nameOf(name), beforeRunning: true });
  }

  nameOf(name: string): string {
    return this.path ? `${this.path}[${name}]` : name;
  }

  private take(name: string): FormValue | undefined {
    this.read.add(name);
    return this.values[name];
  }
}

function emptyValue(param: string): StripeError {
  return new StripeError(
    `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a parameter; ` +
      `however '${param}' cannot be unset. You should remove '${param}' from your request or supply a non-empty value.`,
    { code: 'parameter_invalid_empty', param, beforeRunning: true },
  );
}
