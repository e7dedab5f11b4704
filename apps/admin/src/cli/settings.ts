import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from './client.js';
import { Failure } from './failure.js';

/** What every command may be given. A key has no flag: what stands on a command line, others can read. */
export interface Connection {
  url?: string;
  keyFile?: string;
}

/** From flags, else the environment, else the local stack of a development machine. @throws Failure */
export function openClient({ url, keyFile }: Connection, env = process.env): Client {
  return new Client(urlOf(url, env), keyOf(keyFile, env));
}

function urlOf(given: string | undefined, env: NodeJS.ProcessEnv): string {
  const url = given ?? env.WACO_API_URL ?? localUrl(env);
  if (!/^https?:\/\/[^/]/.test(url)) throw new Failure('--url must be an http(s) address', 2);
  return url.replace(/\/+$/, '');
}

function localUrl(env: NodeJS.ProcessEnv): string {
  return `http://localhost:${Number(env.WACO_PORT_BASE || 3_000) + 5}`;
}

function keyOf(file: string | undefined, env: NodeJS.ProcessEnv): string {
  if (file !== undefined) return readSecretFile(file);
  if (env.WACO_API_KEY) return env.WACO_API_KEY.trim();
  const local = join(env.WACO_DATA_DIR || '.waco', 'secrets.json');
  if (env.NODE_ENV !== 'production' && existsSync(local)) {
    const { operatorKey } = JSON.parse(readFileSync(local, 'utf8')) as { operatorKey?: string };
    if (operatorKey) return operatorKey;
  }
  throw new Failure('there is no API key: set WACO_API_KEY, or name a file with --key-file', 2);
}

/** A file that holds one secret and perhaps a line's end. @throws Failure */
export function readSecretFile(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch {
    throw new Failure(`${path} cannot be read`, 2);
  }
  if (!/^[\x21-\x7e]+$/.test(text)) throw new Failure(`${path} must hold one secret and nothing else`, 2);
  return text;
}

/** A JSON file; `-` is the standard input. @throws Failure */
export function readJsonFile(path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(path === '-' ? 0 : path, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw new Failure(`${path} cannot be read`, 2);
  }
  throw new Failure(`${path} must hold a JSON object`, 2);
}
