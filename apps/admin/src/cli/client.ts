import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Calls, Schemas } from './api.gen.js';
import { Failure } from './failure.js';

const TIMEOUT_MS = 60_000;

export type { Schemas };
export type Json = Record<string, unknown>;

type Get = Calls['get'];
type Put = Calls['put'];
type Post = Calls['post'];
type Delete = Calls['delete'];
type Download = Calls['download'];
type Change = Pick<Calls, 'put' | 'patch'>;

/** What a call is made with. */
type Given<Call> = Omit<Call, 'answer'>;
type Answer<Call> = Call extends { answer: infer Body } ? Body : never;
/** What is given, whichever the call. */
interface AnyGiven {
  path?: Record<string, string>;
  query?: object;
  body?: object;
  etag?: string;
}

export type PutAnswer<Path extends keyof Put> = Answer<Put[Path]>;
/** What can be asked of a list, or of one thing. */
export type Query<Path extends keyof Get> = Get[Path] extends { query?: infer Asked } ? Asked : never;

export interface Page<Row> {
  items: readonly Row[];
  nextCursor: string | null;
}

/** The calls that answer with a page. */
type Lists = { [Path in keyof Get as Get[Path]['answer'] extends Page<unknown> ? Path : never]: Get[Path] };
type RowOf<List> = Answer<List> extends Page<infer Row> ? Row : never;

export interface Tagged<Body> {
  body: Body;
  etag: string;
}

/**
 * The admin API over HTTP. Its calls are those of docs/openapi.json: a path, a parameter or a field that is not there does
 * not compile, if it is written where the call is made. Every method throws a Failure that repeats what the API said.
 */
export class Client {
  constructor(
    private readonly baseUrl: string,
    private readonly key: string,
  ) {}

  get<Path extends keyof Get>(path: Path, given: Given<Get[Path]>): Promise<Answer<Get[Path]>> {
    return this.call('GET', path, given);
  }

  /** What is there, with its ETag. */
  getTagged<Path extends keyof Get>(path: Path, given: Given<Get[Path]>): Promise<Tagged<Answer<Get[Path]>>> {
    return this.tagged('GET', path, given);
  }

  /** Changes what is as the ETag says, and gives it as it is since. */
  change<Method extends keyof Change, Path extends keyof Change[Method]>(
    method: Method,
    path: Path & string,
    given: Given<Change[Method][Path]>,
  ): Promise<Tagged<Answer<Change[Method][Path]>>> {
    return this.tagged(method.toUpperCase(), path, given);
  }

  put<Path extends keyof Put>(path: Path, given: Given<Put[Path]>): Promise<Answer<Put[Path]>> {
    return this.call('PUT', path, given);
  }

  /** Repeated with one Idempotency-Key when the first answer is lost: nothing is made twice. */
  async post<Path extends keyof Post>(path: Path, given: Given<Post[Path]>): Promise<Answer<Post[Path]>> {
    const withBody = { body: {}, ...given };
    const headers = { 'idempotency-key': randomUUID() };
    try {
      return await this.call('POST', path, withBody, headers);
    } catch (error) {
      if (!(error instanceof Failure) || error.exitCode !== 3) throw error;
      return this.call('POST', path, withBody, headers);
    }
  }

  async delete<Path extends keyof Delete>(path: Path, given: Given<Delete[Path]>): Promise<void> {
    await this.exchange('DELETE', path, given);
  }

  /** One page, or with `all` every page as if it were one. */
  async list<Path extends keyof Lists>(
    path: Path,
    given: Given<Lists[Path]>,
    all: boolean,
  ): Promise<Page<RowOf<Lists[Path]>>> {
    type Rows = Page<RowOf<Lists[Path]>>;
    const first = await this.call<Rows>('GET', path, given);
    if (!all) return first;
    const items = [...first.items];
    for (let cursor = first.nextCursor; typeof cursor === 'string';) {
      const query = { ...(given as AnyGiven).query, cursor };
      const page = await this.call<Rows>('GET', path, { ...given, query });
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    return { items, nextCursor: null };
  }

  /** Writes an answer of JSON lines to a file as it comes, and returns how many rows its last line counts. */
  async download<Path extends keyof Download>(
    path: Path,
    given: Given<Download[Path]>,
    file: string,
  ): Promise<number> {
    let last = '';
    try {
      const response = await fetch(`${this.baseUrl}${pathOf(path, given)}`, {
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

  private async call<Body>(
    method: string,
    path: string,
    given: AnyGiven,
    headers: Record<string, string> = {},
  ): Promise<Body> {
    return (await this.exchange(method, path, given, headers)).answer as Body;
  }

  private async tagged<Body>(method: string, path: string, given: AnyGiven): Promise<Tagged<Body>> {
    const { answer, headers } = await this.exchange(method, path, given);
    return { body: answer as Body, etag: headers.get('etag') ?? '' };
  }

  private async exchange(
    method: string,
    path: string,
    given: AnyGiven,
    headers: Record<string, string> = {},
  ): Promise<{ answer: unknown; headers: Headers }> {
    const { body, etag } = given;
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.baseUrl}${pathOf(path, given)}`, {
        method,
        headers: {
          authorization: `Bearer ${this.key}`,
          ...headers,
          ...(etag === undefined ? {} : { 'if-match': etag }),
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

/** The problem's sentence, and each field with the rule that it breaks. What stands between may answer without them. */
function problemFailure(status: number, problem: Partial<Schemas['Problem']>): Failure {
  const what = problem.detail ?? problem.title ?? 'no reason given';
  const code = problem.code ? `, ${problem.code}` : '';
  const fields = (problem.errors ?? []).map((e) => `  ${e.field}: ${e.detail} [${e.rule}]`);
  return new Failure(`${what} (${status}${code})`, 1, fields);
}

/** The path with what stands in it, and the query. */
function pathOf(path: string, { path: named = {}, query = {} }: AnyGiven): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(named[name]!));
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) asked.set(name, String(value));
  return asked.size === 0 ? filled : `${filled}?${asked.toString()}`;
}

function reasonOf(error: unknown): string {
  const { cause, message, name } = error as Error & { cause?: { code?: string } };
  return cause?.code ?? (name === 'TimeoutError' ? 'no answer in time' : message);
}
