import { PortError, type PortErrorKind } from '#core/tenancy';
import {
  AnswerTooLarge,
  type GuardedAnswer,
  type GuardedFetch,
  JsonOutOfBounds,
  parseBoundedJson,
} from '#platform';
import { failure, malformedAnswer, unreachable } from '#rest';
import { LOG_IN, type Operation } from './queries.js';
import { VendureSessions, type SessionHeaders } from './sessions.js';

export type VendureCredentials = { username: string; password: string } | { apiKey: string };

export interface VendureConnection {
  /** Of the Vendure server: `/admin-api` is put behind it. */
  baseUrl: string;
  credentials: VendureCredentials;
  /** Of the channel that is sold in; without it the default channel. */
  channelToken?: string;
  /** For one call, body included, in milliseconds. */
  timeoutMs: number;
  /** The address is the merchant's word: the platform's guarded client, outside tests. */
  fetch: GuardedFetch;
  /** For who makes many stores of one shop; without it each store logs in by itself. */
  sessions?: VendureSessions;
}

type Json = Record<string, unknown>;

/** A page of 100 products with long descriptions is well below this. */
const LARGEST_PAGE = 8 * 1_048_576;
const LARGEST_ANSWER = 262_144;
/** A page of 100 products has some 4,000 values. */
const ANSWER_BOUNDS = { values: 50_000, depth: 32 };
const REFUSED_SESSION = new Set(['FORBIDDEN', 'UNAUTHENTICATED', 'UNAUTHORIZED']);

/** Vendure's Admin API over HTTP. It logs in when it must, and again when its session is refused. */
export class VendureApi {
  private readonly sessions: VendureSessions;

  constructor(private readonly options: VendureConnection) {
    this.sessions = options.sessions ?? new VendureSessions();
  }

  /** `data` of the answer. @throws PortError */
  async call(operation: Operation, variables: object): Promise<Json> {
    const { credentials, baseUrl } = this.options;
    if ('apiKey' in credentials) {
      const key = { 'vendure-api-key': credentials.apiKey };
      return dataOf(operation, await this.exchange(operation, variables, key));
    }
    const { username, password } = credentials;
    const account = [baseUrl, username, password];
    const logIn = (): Promise<SessionHeaders> => this.logIn(username, password);
    const session = this.sessions.open(account, logIn);
    const answer = await this.exchange(operation, variables, await session);
    if (!REFUSED_SESSION.has(errorOf(answer.body)?.code ?? '')) return dataOf(operation, answer);
    // A session ends, for example when the server starts anew. What was refused did not happen.
    this.sessions.forget(account, session);
    const anew = await this.sessions.open(account, logIn);
    return dataOf(operation, await this.exchange(operation, variables, anew));
  }

  private async logIn(username: string, password: string): Promise<SessionHeaders> {
    const answer = await this.exchange(LOG_IN, { username, password }, {});
    const { login } = dataOf(LOG_IN, answer) as { login?: { __typename?: unknown } };
    if (login?.__typename !== 'CurrentUser') {
      throw new PortError('misconfigured', 'unauthorized', 'login: the user name or password is wrong');
    }
    const token = answer.headers['vendure-auth-token'];
    if (typeof token === 'string') return { authorization: `Bearer ${token}` };
    const cookies = [answer.headers['set-cookie'] ?? []].flat().map((cookie) => cookie.split(';')[0]);
    if (cookies.length === 0) throw malformedAnswer(LOG_IN, 'answer must have a token or a cookie');
    return { cookie: cookies.join('; ') };
  }

  private async exchange(operation: Operation, variables: object, session: SessionHeaders): Promise<Answer> {
    const { baseUrl, channelToken, timeoutMs, fetch } = this.options;
    let answer: GuardedAnswer;
    try {
      answer = await fetch(`${baseUrl.replace(/\/+$/, '')}/admin-api`, {
        method: 'POST',
        headers: {
          accept: 'application/json',
          'content-type': 'application/json',
          'user-agent': 'waco-vendure-adapter/1',
          ...(channelToken && { 'vendure-token': channelToken }),
          ...session,
        },
        body: JSON.stringify({ query: operation.text, variables }),
        timeoutMs,
        maxBytes: operation.list ? LARGEST_PAGE : LARGEST_ANSWER,
      });
    } catch (error) {
      if (error instanceof AnswerTooLarge) throw malformedAnswer(operation, error.message, error);
      throw unreachable(operation, error, timeoutMs);
    }
    return { ...answer, body: parsed(operation, answer) };
  }
}

interface Answer {
  status: number;
  headers: GuardedAnswer['headers'];
  /** Undefined when it was no JSON and the status says why. */
  body: Json | undefined;
}

function parsed(operation: Operation, { status, body }: GuardedAnswer): Json | undefined {
  try {
    const value = parseBoundedJson(body, ANSWER_BOUNDS);
    if (typeof value === 'object' && value !== null) return value as Json;
  } catch (error) {
    const rule = error instanceof JsonOutOfBounds ? error.message : 'answer must be JSON';
    if (status < 300) throw malformedAnswer(operation, rule, error);
    return undefined; // a proxy's page: the status alone speaks
  }
  if (status < 300) throw malformedAnswer(operation, 'answer must be an object');
  return undefined;
}

function dataOf(operation: Operation, { status, headers, body }: Answer): Json {
  const error = errorOf(body);
  if (error) throw refusal(operation, error);
  // Of what stands between, or of the server before it reads the query.
  if (status < 200 || status >= 300) throw failure(operation, status, headers);
  const data = body?.data;
  if (typeof data !== 'object' || data === null) throw malformedAnswer(operation, 'data must be an object');
  return data as Json;
}

interface GraphqlError {
  code: string;
  message: string;
}

/** The first of `errors`. */
function errorOf(body: Json | undefined): GraphqlError | undefined {
  const errors = body?.errors;
  if (!Array.isArray(errors) || errors.length === 0) return undefined;
  const { message, extensions } = (errors[0] ?? {}) as { message?: unknown; extensions?: { code?: unknown } };
  const code = extensions?.code;
  return {
    // It is stored and counted, so it is a word.
    code: typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : 'UNKNOWN',
    message: typeof message === 'string' ? message.slice(0, 300) : '',
  };
}

function refusal(operation: Operation, { code, message }: GraphqlError): PortError {
  const error = (kind: PortErrorKind, ours: string): PortError =>
    new PortError(kind, ours, `${operation.name}: ${code}: ${message}`);
  if (REFUSED_SESSION.has(code)) return error('misconfigured', 'unauthorized');
  if (code === 'CHANNEL_NOT_FOUND') return error('misconfigured', 'no_such_channel');
  if (code === 'GRAPHQL_VALIDATION_FAILED') return error('misconfigured', 'plugin_missing');
  if (code === 'USER_INPUT_ERROR' || code === 'BAD_USER_INPUT' || code === 'ENTITY_NOT_FOUND') {
    return error('rejected', 'refused');
  }
  return error(operation.writes ? 'indeterminate' : 'transient', 'server_error');
}
