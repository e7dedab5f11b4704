import { GraphCallError, readGraphError } from './errors.js';
import { exchange, openAgents, type Agents, type HttpResult } from './http.js';

export interface GraphOptions {
  /** e.g. `https://graph.facebook.com`; the sandbox's is `http://localhost:3100/graph`. */
  baseUrl: string;
  /** e.g. `v25.0` */
  version: string;
  accessToken: string;
  timeoutMs: number;
  /** Shared by the clients of a process, so that they share connections. */
  agents?: Agents;
}

/** Calls of Meta's Graph API with one token. */
export class Graph {
  private readonly agents: Agents;

  constructor(private readonly options: GraphOptions) {
    this.agents = options.agents ?? openAgents();
  }

  /** Never throws. */
  call(method: 'GET' | 'POST', path: string, body?: object): Promise<HttpResult> {
    const { baseUrl, version, accessToken, timeoutMs } = this.options;
    return exchange({
      method,
      url: new URL(`${baseUrl.replace(/\/+$/, '')}/${version}/${path}`),
      headers: {
        authorization: `Bearer ${accessToken}`,
        accept: 'application/json',
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      body: body && JSON.stringify(body),
      timeoutMs,
      agents: this.agents,
    });
  }

  /** @throws GraphCallError */
  async read(method: 'GET' | 'POST', path: string, body?: object): Promise<Record<string, unknown>> {
    const result = await this.call(method, path, body);
    if (result.outcome !== 'answered') throw new GraphCallError(undefined, result.why, undefined);
    const refusal = readGraphError(result.body);
    if (refusal) throw new GraphCallError(refusal.code, refusal.details, result.status);
    if (result.status >= 300 || !isObject(result.body)) {
      throw new GraphCallError(undefined, `HTTP ${result.status} that is not the Graph API's`, result.status);
    }
    return result.body;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
