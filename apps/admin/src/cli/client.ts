import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Failure } from './failure.js';

const TIMEOUT_MS = 60_000;

export type Json = Record<string, unknown>;

export interface Tagged {
  body: Json;
  etag: string;
}

export interface Page {
  items: Json[];
  nextCursor: string | null;
}

interface ProblemDocument {
  title?: string;
  code?: string;
  detail?: string;
  errors?: { field: string; rule: string; detail: string }[];
}

/** The admin API over HTTP. Every method throws a Failure that repeats what the API said. */
export class Client {
  constructor(
    private readonly baseUrl: string,
    private readonly key: string,
  ) {}

  get(path: string, query: Record<string, string | number | undefined> = {}): Promise<Json> {
    return this.call('GET', `${path}${queryString(query)}`);
  }

  /** What is there, with its ETag. */
  async getTagged(path: string): Promise<Tagged> {
    const { answer, headers } = await this.exchange('GET', path);
    return { body: answer, etag: headers.get('etag') ?? '' };
  }

  /** Changes what is as the ETag says, and gives it as it is since. */
  async change(method: 'PUT' | 'PATCH', path: string, body: object, etag: string): Promise<Tagged> {
    const { answer, headers } = await this.exchange(method, path, body, { 'if-match': etag });
    return { body: answer, etag: headers.get('etag') ?? '' };
  }

  put(path: string, body: object): Promise<Json> {
    return this.call('PUT', path, body);
  }

  /** Repeated with one Idempotency-Key when the first answer is lost: nothing is made twice. */
  async post(path: string, body: object = {}): Promise<Json> {
    const headers = { 'idempotency-key': randomUUID() };
    try {
      return await this.call('POST', path, body, headers);
    } catch (error) {
      if (!(error instanceof Failure) || error.exitCode !== 3) throw error;
      return this.call('POST', path, body, headers);
    }
  }

  delete(path: string): Promise<Json> {
    return this.call('DELETE', path);
  }

  /** One page, or with `all` every page as if it were one. */
  async list(path: string, query: Record<string, string | number | undefined>, all: boolean): Promise<Page> {
    const first = (await this.get(path, query)) as unknown as Page;
    if (!all) return first;
    const items = [...first.items];
    for (let cursor = first.nextCursor; typeof cursor === 'string';) {
      const page = (await this.get(path, { ...query, cursor })) as unknown as Page;
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    return { items, nextCursor: null };
  }

  /** Writes an answer of JSON lines to a file as it comes, and returns how many rows its last line counts. */
  async download(path: string, file: string): Promise<number> {
    let last = '';
    try {
      const response = await fetch(`${this.baseUrl}${path}`, {
        headers: { authorization: `Bearer ${this.key}` },
        redirect: 'error',
      });
      if (!response.ok || !response.body) {
        throw problemFailure(response.status, parse(await response.text()) ?? {});
      }
      const lines = Readable.fromWeb(response.body as never);
      const remember = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
        for await (const chunk of chunks) {
          last = (last + chunk.toString('latin1')).slice(-200);
          yield chunk;
        }
      };
      await pipeline(lines, remember, createWriteStream(file, { mode: 0o600 }));
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw new Failure(`${this.baseUrl} broke off (${reasonOf(error)}): ${file} is not whole`, 3);
    }
    const end = parse(last.trim().split('\n').at(-1) ?? '');
    if (end?.end !== true) throw new Failure(`the answer broke off: ${file} is not whole`, 3);
    return Number(end.rows);
  }

  private async call(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Json> {
    return (await this.exchange(method, path, body, headers)).answer;
  }

  private async exchange(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<{ answer: Json; headers: Headers }> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.baseUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.key}`,
          ...headers,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      text = await response.text();
    } catch (error) {
      throw new Failure(`${this.baseUrl} does not answer (${reasonOf(error)}). Is it the right --url?`, 3);
    }
    const answer = parse(text);
    if (response.ok && answer) return { answer, headers: response.headers };
    if (response.ok) throw new Failure(`${this.baseUrl} did not answer as the admin API does`, 3);
    throw problemFailure(response.status, answer ?? {});
  }
}

function parse(text: string): Json | undefined {
  if (text === '') return {};
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined; // said by the caller: what answered is not the API
  }
}

/** The problem's sentence, and each field with the rule that it breaks. */
function problemFailure(status: number, problem: ProblemDocument): Failure {
  const what = problem.detail ?? problem.title ?? 'no reason given';
  const code = problem.code ? `, ${problem.code}` : '';
  const fields = (problem.errors ?? []).map((e) => `  ${e.field}: ${e.detail} [${e.rule}]`);
  return new Failure(`${what} (${status}${code})`, 1, fields);
}

function queryString(query: Record<string, string | number | undefined>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return '';
  return `?${new URLSearchParams(Object.fromEntries(given.map(([name, value]) => [name, String(value)]))).toString()}`;
}

function reasonOf(error: unknown): string {
  const { cause, message, name } = error as Error & { cause?: { code?: string } };
  return cause?.code ?? (name === 'TimeoutError' ? 'no answer in time' : message);
}
